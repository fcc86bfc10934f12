import type { RedisSyncConfig } from "../config/redis-sync.ts";
import { versionLine } from "../core/build-info.ts";
import type { Log } from "../core/log.ts";
import type { ServerTls } from "../core/server-tls.ts";
import { createManagementHandler } from "../services/management/handler.ts";
import { observeSources } from "../telemetry/source-metrics.ts";
import { serveHttp } from "../transport/http.ts";
import { describe } from "./addresses.ts";
import { createObserveCalls } from "./call-observers.ts";
import { runDaemon } from "./daemon.ts";
import { FlagPipeline } from "./flag-pipeline.ts";
import { announcePage, createPage, pageIsServed } from "./page.ts";
import { createStatus } from "./status.ts";
import { listenSync } from "./sync-port.ts";
import { startTelemetry } from "./telemetry.ts";
import { hintAtRedisSyncManagement } from "./wrong-port.ts";

const maxRequestHeader = 1 << 16;

/**
 * `flagd redis-sync`: polls Redis once for many daemons and streams to them until it is told to stop.
 * @returns the exit status
 * @throws ConfigError for what is wrong with the configuration or taken by another process
 */
export async function runRedisSync(config: RedisSyncConfig, log: Log): Promise<number> {
  const own = log.with({ component: "redis-sync" });
  own.info(versionLine);
  const telemetry = await startTelemetry(config.telemetry, log);
  const { registry, tracing } = telemetry;
  const pipeline = await FlagPipeline.create({
    ...config,
    sources: [config.source],
    log,
    traceLoad: tracing?.loads,
  });
  observeSources(registry, pipeline.statuses);

  const observeCalls = createObserveCalls(registry, tracing);
  const sync = await listenSync({
    config,
    portOption: "redis-sync-port",
    pipeline,
    registry,
    observeCalls,
    log,
  });
  own.info(`sync stream (gRPC) listening at ${describe(sync.address)}`);
  // Probes and scrapers have no certificates of their own.
  const tls = config.sync.tls && withoutClients(config.sync.tls);
  let managementPort = config.managementPort;
  const status = createStatus({
    command: "redis-sync",
    threads: 1,
    pipeline,
    collect: telemetry.collect,
    listeners: () => [
      { name: "sync", address: sync.address, tls: config.sync.tls },
      ...(managementPort === undefined
        ? []
        : [{ name: "management", address: { port: managementPort }, tls }]),
    ],
    confidential: config.sync.tls?.clientCaPath !== undefined,
  });
  const page = pageIsServed(config.page, undefined) ? createPage(pipeline, new Map()) : undefined;
  const management =
    config.managementPort === undefined
      ? undefined
      : await serveHttp({
          name: "management (--management-port)",
          port: config.managementPort,
          maxRequestHeader,
          ...(tls && { tls }),
          handlers: [
            createManagementHandler({
              readiness: pipeline.readiness,
              metrics: telemetry.expose,
              status,
            }),
            ...(page ? [page.handler] : []),
            hintAtRedisSyncManagement,
          ],
          log: own,
        });
  if (management) {
    managementPort = management.port;
    own.info(`metrics and probes listening at ${describe({ port: managementPort })}`);
    if (page) announcePage(own, describe({ port: managementPort }));
  }

  return runDaemon({
    pipeline,
    graceMs: config.shutdownGraceMs,
    log: own,
    async close(graceMs) {
      page?.shutdown();
      await sync.close(graceMs);
      await management?.stop(graceMs);
      await telemetry.stop(graceMs);
    },
  });
}

function withoutClients({ certPath, keyPath }: ServerTls): ServerTls {
  return { certPath, keyPath };
}
