import type { RedisSyncConfig } from "../config/redis-sync-config.ts";
import type { Log } from "../core/log.ts";
import { versionLine } from "../core/process-info.ts";
import { withoutClients } from "../core/tls/tls-material.ts";
import { guarded } from "../services/access/guarded-handler.ts";
import { isGuardedManagement } from "../services/management/management-api.ts";
import {
  createManagementHandler,
  createProbeFastPath,
} from "../services/management/management-handler.ts";
import { createPathMetrics } from "../telemetry/path-metrics.ts";
import { observeSources } from "../telemetry/source-metrics.ts";
import { serveHttp } from "../transport/http.ts";
import { openAccess } from "./access.ts";
import { hintAtRedisSyncManagement, reachableFromOutside, showListenAddress } from "./addresses.ts";
import { runDaemon } from "./daemon.ts";
import { describeApi } from "./describe-api.ts";
import { FlagPipeline } from "./flag-pipeline.ts";
import { announcePage, createPage, pageIsServed } from "./page.ts";
import { createStatus } from "./status.ts";
import { listenSync } from "./sync-port.ts";
import { createObserveCalls, startTelemetry } from "./telemetry.ts";

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
  const notifying =
    config.notify &&
    (await import("./notify.ts")).startNotifying(config.notify, pipeline, registry, log);

  const observeCalls = createObserveCalls(registry, tracing);
  const access = openAccess(config.tokensPath, registry, log);
  const pathCounts = createPathMetrics(registry);
  const sync = await listenSync({
    config,
    guard: access.guard("sync"),
    paths: pathCounts("sync"),
    portOption: "redis-sync-port",
    pipeline,
    registry,
    observeCalls,
    log,
  });
  own.info(`sync stream (gRPC) listening at ${showListenAddress(sync.address)}`);
  // Probes and scrapers have no certificates of their own.
  const tls = config.sync.tls && withoutClients(config.sync.tls);
  let managementAddress = config.management;
  const status = createStatus({
    command: "redis-sync",
    threads: 1,
    pipeline,
    collect: telemetry.collect,
    listeners: () => [
      { name: "sync", address: sync.address, tls: config.sync.tls },
      ...(managementAddress === undefined
        ? []
        : [{ name: "management", address: managementAddress, tls }]),
    ],
    confidential: config.sync.tls?.clientCaPath !== undefined,
  });
  const page = pageIsServed(config.page, config.management?.host, config.tokensPath)
    ? createPage(pipeline, config, async () => JSON.stringify(await status()))
    : undefined;
  const management =
    config.management === undefined
      ? undefined
      : await serveHttp({
          name: "management (--management-port)",
          address: config.management,
          maxRequestHeader,
          ...(tls && { tls }),
          paths: pathCounts("http"),
          fastPath: () => createProbeFastPath(pipeline.readiness),
          handlers: [
            guarded(
              createManagementHandler({
                readiness: pipeline.readiness,
                metrics: telemetry.expose,
                status,
                openApi: () => describeApi({ guarded: config.tokensPath !== undefined }),
              }),
              access.guard("management"),
              isGuardedManagement,
            ),
            ...(page ? [page.handler(access.guard("page"))] : []),
            hintAtRedisSyncManagement,
          ],
          log: own,
        });
  if (management) {
    managementAddress = management.address;
    own.info(`metrics and probes listening at ${showListenAddress(managementAddress)}`);
    if (page) announcePage(own, showListenAddress(managementAddress), config.tokensPath);
  }
  own.info(
    reachableFromOutside({
      "sync stream": sync.address,
      ...(management && { "metrics and probes": management.address }),
    }),
  );

  return runDaemon({
    pipeline,
    graceMs: config.shutdownGraceMs,
    log: own,
    async close(graceMs) {
      access.close();
      page?.shutdown();
      await sync.close(graceMs);
      await management?.stop(graceMs);
      await notifying?.stop(graceMs);
      await telemetry.stop(graceMs);
    },
  });
}
