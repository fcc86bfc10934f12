import { buildInfo, versionLine } from "../build-info.ts";
import type { StartConfig } from "../config/start.ts";
import { createManagementHandler } from "../services/management/handler.ts";
import type { Log } from "../telemetry/log.ts";
import { merge } from "../telemetry/metrics/merge.ts";
import { exposition } from "../telemetry/metrics/prometheus.ts";
import { processOnly, Registry } from "../telemetry/metrics/registry.ts";
import { observeProcess } from "../telemetry/process-metrics.ts";
import { describeResource } from "../telemetry/resource.ts";
import { observeSources } from "../telemetry/source-metrics.ts";
import { describe } from "./addresses.ts";
import { runDaemon } from "./daemon.ts";
import { exportGraceMs, startExports } from "./exports.ts";
import { FlagPipeline } from "./flags.ts";
import { serve } from "./serve.ts";
import type { Crew } from "./workers/crew.ts";
import { answerOf } from "./workers/messages.ts";

/**
 * `flagd start`: binds every listener, then fills the store and serves until it is told to stop.
 * @returns the exit status
 * @throws ConfigError for what is wrong with the configuration or taken by another process
 */
export async function runStart(config: StartConfig, log: Log): Promise<number> {
  const own = log.with({ component: "start" });
  own.info(versionLine);
  let crew: Crew | undefined;
  const pipeline = await FlagPipeline.create({
    ...config,
    log,
    onAccepted: (source, payload) => crew?.relay(source, payload),
  });
  const { readiness } = pipeline;
  const resource = describeResource(buildInfo.version, process.env);
  const registry = new Registry({ resource });
  observeProcess(registry);
  observeSources(registry, pipeline.statuses);
  const collect = async () => merge(registry.collect(), (await crew?.collect()) ?? []);
  const exports = await startExports({
    options: config.telemetry,
    environment: process.env,
    registry: { collect },
    resource,
    log,
  });
  const management = createManagementHandler({
    readiness,
    async metrics() {
      const collection = await collect();
      return exposition(exports.metricsPushed ? processOnly(collection) : collection);
    },
  });
  const alone = config.workers === 1;
  const serving = await serve({
    config,
    pipeline,
    registry,
    management,
    tracing: exports.tracing,
    ...(!alone && { shared: "first" }),
    log,
  });
  if (!alone) {
    const workers = await import("./workers/crew.ts");
    crew = new workers.Crew({
      size: config.workers - 1,
      birth: { config: { ...config, ...serving.bound }, sources: pipeline.sources },
      answer: (path) => answerOf(management, path),
      resync: () => pipeline.resync(),
      log: own,
    });
    readiness.require(crew.whenReady());
  }
  const { evaluation, sync, ofrep, managementPort } = serving.bound;
  own.info(`Flag IResolver listening at ${describe(evaluation.address)}`);
  own.info(`flag sync service listening at ${describe(sync.address)}`);
  own.info(`ofrep service listening at ${describe(ofrep)}`);
  own.info(`metrics and probes listening at ${describe({ port: managementPort })}`);

  return runDaemon({
    pipeline,
    graceMs: config.shutdownGraceMs,
    log: own,
    async close(graceMs) {
      await Promise.all([crew?.close(graceMs), serving.close(graceMs)]);
      await exports.stop(Math.min(graceMs, exportGraceMs));
    },
  });
}
