import { buildInfo, versionLine } from "../build-info.ts";
import type { StartConfig } from "../config/start.ts";
import * as v1 from "../gen/flagd/evaluation/v1/evaluation_pb.ts";
import * as v2 from "../gen/flagd/evaluation/v2/evaluation_pb.ts";
import * as schema from "../gen/schema/v1/schema_pb.ts";
import { createEvaluationService } from "../services/evaluation/service.ts";
import { createManagementHandler } from "../services/management/handler.ts";
import { createOfrepHandler } from "../services/ofrep/handler.ts";
import { createCallMetrics } from "../telemetry/call-metrics.ts";
import { createOutcomeRecorder } from "../telemetry/flag-metrics.ts";
import type { Log } from "../telemetry/log.ts";
import { Registry } from "../telemetry/metrics/registry.ts";
import { observeProcess } from "../telemetry/process-metrics.ts";
import { describeResource } from "../telemetry/resource.ts";
import { ofrepRoute } from "../telemetry/routes.ts";
import { observeSources } from "../telemetry/source-metrics.ts";
import { listen } from "../transport/listen.ts";
import { describe, routesOf } from "./addresses.ts";
import { runDaemon } from "./daemon.ts";
import { startExports } from "./exports.ts";
import { FlagPipeline } from "./flags.ts";
import { serveHttpPorts } from "./http-ports.ts";
import { withOperatingRoutes } from "./operating-routes.ts";
import { listenSync } from "./sync-port.ts";

const services = [v1.Service, v2.Service, schema.Service];

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
  const { store, context, readiness } = pipeline;
  const registry = new Registry({ resource: describeResource(buildInfo.version, process.env) });
  observeProcess(registry);
  observeSources(registry, pipeline.statuses);
  const callMetrics = createCallMetrics(registry);
  const exports = await startExports({
    options: config.telemetry,
    environment: process.env,
    registry,
    log,
  });
  const common = {
    store,
    context,
    contextFromHeader: config.contextFromHeader,
    record: createOutcomeRecorder(registry),
    maxRequestBody: config.maxRequestBody,
    maxRequestHeader: config.maxRequestHeader,
    corsOrigins: config.corsOrigins,
  };

  const service = createEvaluationService({
    ...common,
    whenReady: readiness.whenReady(),
    streamDeadlineMs: config.streamDeadlineMs,
  });
  const { tls } = config.evaluation;
  const evaluation = await listen({
    ...service,
    ...common,
    routes: withOperatingRoutes(service.routes, services, readiness),
    name: "evaluation",
    address: config.evaluation.address,
    ...(tls && { tls }),
    web: true,
    log: log.with({ component: "service" }),
    onCall: callMetrics({
      port: "evaluation",
      scheme: tls ? "https" : "http",
      routeOf: routesOf(...services),
    }).record,
  });
  const sync = await listenSync({ config, pipeline, registry, callMetrics, log });
  const http = serveHttpPorts({
    config,
    management: createManagementHandler({
      readiness,
      registry,
      metricsPushed: exports.metricsPushed,
    }),
    ofrep: createOfrepHandler({
      ...common,
      onCall: callMetrics({
        port: "ofrep",
        scheme: config.ofrep.tls ? "https" : "http",
        routeOf: ofrepRoute,
      }).record,
    }),
    log,
  });
  own.info(`Flag IResolver listening at ${describe(evaluation.address)}`);
  own.info(`flag sync service listening at ${describe(sync.address)}`);
  own.info(`ofrep service listening at ${describe({ port: http.ofrepPort })}`);
  own.info(`metrics and probes listening at ${describe({ port: http.managementPort })}`);

  return runDaemon({
    pipeline,
    graceMs: config.shutdownGraceMs,
    log: own,
    async close(graceMs) {
      service.shutdown();
      await Promise.all([evaluation.drain(graceMs), sync.close(graceMs)]);
      // Last, so that probes see the daemon stopping instead of nothing.
      await http.stop(graceMs);
      await exports.stop(Math.min(graceMs, exportGraceMs));
    },
  });
}
