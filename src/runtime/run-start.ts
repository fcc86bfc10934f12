import type { StartConfig } from "../config/start-config.ts";
import type { Log } from "../core/log.ts";
import { versionLine } from "../core/process-info.ts";
import { sameAddress } from "../core/tcp-address.ts";
import { withoutClients } from "../core/tls/tls-material.ts";
import { createManagementHandler } from "../services/management/management-handler.ts";
import { observeSources } from "../telemetry/source-metrics.ts";
import { reachableFromOutside, showListenAddress } from "./addresses.ts";
import { runDaemon } from "./daemon.ts";
import { describeApi } from "./describe-api.ts";
import { FlagPipeline } from "./flag-pipeline.ts";
import { announcePage, createPage, pageIsServed } from "./page.ts";
import { type Serving, serve } from "./serve.ts";
import { createStatus } from "./status.ts";
import { startTelemetry } from "./telemetry.ts";
import { replyOf } from "./workers/messages.ts";
import type { WorkerPool } from "./workers/pool.ts";

/**
 * `flagd start`: binds every listener, then fills the store and serves until it is told to stop.
 * @returns the exit status
 * @throws ConfigError for what is wrong with the configuration or taken by another process
 */
export async function runStart(config: StartConfig, log: Log): Promise<number> {
  const own = log.with({ component: "start" });
  own.info(versionLine);
  const alone = config.workers === 1;
  let workers: WorkerPool | undefined;
  const telemetry = await startTelemetry(
    config.telemetry,
    log,
    async () => (await workers?.collect()) ?? [],
  );
  const pipeline = await FlagPipeline.create({
    ...config,
    log,
    traceLoad: telemetry.tracing?.loads,
    ...(!alone && { onAccepted: (source, payload) => workers?.relay(source, payload) }),
  });
  const { readiness } = pipeline;
  observeSources(telemetry.registry, pipeline.statuses);
  const notifying =
    config.notify &&
    (await import("./notify.ts")).startNotifying(config.notify, pipeline, telemetry.registry, log);
  let bound: Serving["bound"] | undefined;
  const status = createStatus({
    command: "start",
    threads: config.workers,
    pipeline,
    collect: telemetry.collect,
    listeners: () => (bound ? listenersOf(bound) : []),
    confidential: config.sync.tls?.clientCaPath !== undefined,
  });
  const management = createManagementHandler({
    readiness,
    metrics: telemetry.expose,
    status,
    openApi: () =>
      describeApi({
        guarded: config.tokensPath !== undefined,
        ...(bound && {
          ofrep: {
            events: config.ofrep.events !== undefined,
            port: sameAddress(bound.ofrep.address, bound.management)
              ? undefined
              : bound.ofrep.address.port,
          },
        }),
      }),
  });
  const page = pageIsServed(config.page, config.management.host, config.tokensPath)
    ? createPage(pipeline, config, async () => JSON.stringify(await status()))
    : undefined;
  const serving = await serve({
    config,
    pipeline,
    registry: telemetry.registry,
    management,
    page,
    tracing: telemetry.tracing,
    evaluationEvents: telemetry.evaluationEvents,
    ...(!alone && { shared: { as: "first", threads: config.workers } }),
    log,
  });
  bound = serving.bound;
  if (!alone) {
    const { WorkerPool } = await import("./workers/pool.ts");
    workers = new WorkerPool({
      size: config.workers - 1,
      init: { config: { ...config, ...serving.bound }, sources: pipeline.sources },
      reply: (path) => replyOf(management, path),
      log: own,
    });
    readiness.require(workers.whenReady());
  }
  const { evaluation, sync, ofrep, management: probes } = serving.bound;
  own.info(`evaluation (gRPC, Connect) listening at ${showListenAddress(evaluation.address)}`);
  own.info(`sync stream (gRPC) listening at ${showListenAddress(sync.address)}`);
  own.info(`evaluation (OFREP) listening at ${showListenAddress(ofrep.address)}`);
  own.info(`metrics and probes listening at ${showListenAddress(probes)}`);
  if (page) announcePage(own, showListenAddress(probes), config.tokensPath);
  own.info(
    reachableFromOutside({
      "evaluation (gRPC, Connect)": evaluation.address,
      "sync stream": sync.address,
      "evaluation (OFREP)": ofrep.address,
      "metrics and probes": probes,
    }),
  );

  return runDaemon({
    pipeline,
    graceMs: config.shutdownGraceMs,
    log: own,
    async close(graceMs) {
      page?.shutdown();
      await Promise.all([workers?.close(graceMs), serving.close(graceMs)]);
      await notifying?.stop(graceMs);
      await telemetry.stop(graceMs);
    },
  });
}

/** OFREP and management take TLS and plaintext side by side. */
function listenersOf({ evaluation, sync, ofrep, management }: Serving["bound"]) {
  const { tls } = evaluation;
  return [
    { name: "evaluation", ...evaluation },
    { name: "sync", ...sync },
    { name: "ofrep", address: ofrep.address, tls },
    { name: "management", address: management, tls: tls && withoutClients(tls) },
  ];
}
