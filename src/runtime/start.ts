import { buildInfo, versionLine } from "../build-info.ts";
import type { StartConfig } from "../config/start.ts";
import { createManagementHandler } from "../services/management/handler.ts";
import type { Log } from "../telemetry/log.ts";
import { Registry } from "../telemetry/metrics/registry.ts";
import { observeProcess } from "../telemetry/process-metrics.ts";
import { describeResource } from "../telemetry/resource.ts";
import { observeSources } from "../telemetry/source-metrics.ts";
import { describe } from "./addresses.ts";
import { runDaemon } from "./daemon.ts";
import { startExports } from "./exports.ts";
import { FlagPipeline } from "./flags.ts";
import { serve } from "./serve.ts";

/** How long what is left of telemetry may take at the end. */
const exportGraceMs = 3_000;

/**
 * `flagd start`: binds every listener, then fills the store and serves until it is told to stop.
 * @returns the exit status
 * @throws ConfigError for what is wrong with the configuration or taken by another process
 */
export async function runStart(config: StartConfig, log: Log): Promise<number> {
  const own = log.with({ component: "start" });
  own.info(versionLine);
  const pipeline = new FlagPipeline({ ...config, log });
  const resource = describeResource(buildInfo.version, process.env);
  const registry = new Registry({ resource });
  observeProcess(registry);
  observeSources(registry, pipeline.statuses);
  const exports = await startExports({
    options: config.telemetry,
    environment: process.env,
    registry,
    resource,
    log,
  });
  const management = createManagementHandler({
    readiness: pipeline.readiness,
    registry,
    metricsPushed: exports.metricsPushed,
  });
  const { tracing } = exports;
  const serving = await serve({ config, pipeline, registry, management, tracing, log });
  own.info(`Flag IResolver listening at ${describe(serving.evaluation)}`);
  own.info(`flag sync service listening at ${describe(serving.sync)}`);
  own.info(`ofrep service listening at ${describe({ port: serving.ofrepPort })}`);
  own.info(`metrics and probes listening at ${describe({ port: serving.managementPort })}`);

  return runDaemon({
    pipeline,
    graceMs: config.shutdownGraceMs,
    log: own,
    async close(graceMs) {
      await serving.close(graceMs);
      await exports.stop(Math.min(graceMs, exportGraceMs));
    },
  });
}
