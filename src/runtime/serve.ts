import type { Address } from "../config/serving.ts";
import type { StartConfig } from "../config/start-config.ts";
import type { Log } from "../core/log.ts";
import { guarded } from "../services/access/guarded-handler.ts";
import { createEvaluationService } from "../services/evaluation/evaluation-service.ts";
import { createOutcomeRecorder } from "../services/evaluation-metrics.ts";
import { both, type EvaluationTrace, logEvaluations } from "../services/evaluation-trace.ts";
import { isGuardedManagement } from "../services/management/management-api.ts";
import { createProbeFastPath } from "../services/management/management-handler.ts";
import { OfrepEvents } from "../services/ofrep/ofrep-events.ts";
import { ofrepRoute } from "../services/ofrep/ofrep-route.ts";
import { createOfrep } from "../services/ofrep/ofrep-service.ts";
import type { Registry } from "../telemetry/metrics/registry.ts";
import { createPathMetrics } from "../telemetry/path-metrics.ts";
import { createEventMetrics } from "../telemetry/stream-metrics.ts";
import type { HttpHandler } from "../transport/http-handler.ts";
import { listen } from "../transport/listen.ts";
import type { ListenAddress, PortSharing } from "../transport/listener.ts";
import { openAccess } from "./access.ts";
import { hintAtEvaluationPort, listenerName, routesOf } from "./addresses.ts";
import type { FlagPipeline } from "./flag-pipeline.ts";
import { serveHttpPorts } from "./http-ports.ts";
import type { Page } from "./page.ts";
import { listenSync, withOperatingRoutes } from "./sync-port.ts";
import { createObserveCalls } from "./telemetry.ts";
import type { Tracing } from "./tracing.ts";

/** Every listener of `flagd start`, bound. */
export interface Serving {
  /** The configuration of the listeners with the ports that they have. */
  readonly bound: Pick<StartConfig, "evaluation" | "sync" | "ofrep" | "management">;
  /** Says goodbye to clients, lets calls in flight finish for up to `graceMs`, closes everything. */
  close(graceMs: number): Promise<void>;
}

/**
 * Binds every listener and serves from the store.
 * @throws ConfigError for what is taken by another process
 */
export async function serve(parts: {
  readonly config: StartConfig;
  readonly pipeline: FlagPipeline;
  readonly registry: Registry;
  readonly management: HttpHandler;
  /** Asked after it; undefined: there is none. */
  readonly page: Page | undefined;
  /** Given if several threads serve the same ports; sockets are then left to the first. */
  readonly shared?: PortSharing;
  /** Undefined: nothing is traced. */
  readonly tracing: Tracing | undefined;
  /** Undefined: evaluations are not sent as events. */
  readonly evaluationEvents: EvaluationTrace | undefined;
  readonly log: Log;
}): Promise<Serving> {
  const { config, pipeline, registry, management, page, shared, tracing, log } = parts;
  const { store, context, readiness } = pipeline;
  const observeCalls = createObserveCalls(registry, tracing);
  const access = openAccess(config.tokensPath, registry, log);
  const trace = allOf(
    tracing?.evaluations,
    parts.evaluationEvents,
    log.debugging ? logEvaluations(log.with({ component: "evaluator" })) : undefined,
  );
  const common = {
    store,
    context,
    contextFromHeader: config.contextFromHeader,
    ...createOutcomeRecorder(registry),
    maxRequestBody: config.maxRequestBody,
    maxRequestHeader: config.maxRequestHeader,
    corsOrigins: config.corsOrigins,
  };
  const measureEvents = createEventMetrics(registry);
  const pathCounts = createPathMetrics(registry);

  const service = createEvaluationService({
    ...common,
    whenReady: readiness.whenReady(),
    streamDeadlineMs: config.streamDeadlineMs,
    measureEvents,
    ...(trace && { trace }),
  });
  const { tls } = config.evaluation;
  const evaluation = await listenAt(config.evaluation.address, shared, (address) =>
    listen({
      ...service,
      ...common,
      ...observeCalls({
        port: "evaluation",
        scheme: tls ? "https" : "http",
        routeOf: routesOf(service),
      }),
      routes: withOperatingRoutes(service, readiness),
      hint: hintAtEvaluationPort,
      name: listenerName("evaluation", "port", address),
      address,
      ...(tls && { tls }),
      web: true,
      guard: access.guard("evaluation"),
      paths: pathCounts("evaluation"),
      log: log.with({ component: "service" }),
    }),
  );
  const sync = await listenAt(config.sync.address, shared, (address) =>
    listenSync({
      config,
      guard: access.guard("sync"),
      paths: pathCounts("sync"),
      address,
      portOption: "sync-port",
      pipeline,
      registry,
      observeCalls,
      log,
    }),
  );
  const events =
    config.ofrep.events &&
    new OfrepEvents({
      store,
      jitterMs: config.ofrep.events.jitterMs,
      // Of each thread.
      maxStreams: Math.ceil(config.ofrep.events.maxStreams / config.workers),
      measureEvents,
      refresh: () => pipeline.resync(),
    });
  const http = await serveHttpPorts({
    config,
    ...(shared && { shared }),
    paths: pathCounts("http"),
    management: [
      guarded(management, access.guard("management"), isGuardedManagement),
      ...(page ? [page.handler(access.guard("page"))] : []),
    ],
    // Other threads ask the first one.
    probes: shared?.as === "joining" ? undefined : createProbeFastPath(pipeline.readiness),
    ofrep: createOfrep({
      ...common,
      guard: access.guard("ofrep"),
      ...observeCalls({ port: "ofrep", scheme: "http", routeOf: ofrepRoute }),
      ...(tls && {
        overTls: observeCalls({ port: "ofrep", scheme: "https", routeOf: ofrepRoute }),
      }),
      ...(trace && { traceEvaluation: trace }),
      ...(events && { events }),
    }),
    log,
  });
  return {
    bound: {
      evaluation: {
        ...config.evaluation,
        address: evaluation?.address ?? config.evaluation.address,
      },
      sync: { ...config.sync, address: sync?.address ?? config.sync.address },
      ofrep: { ...config.ofrep, address: http.ofrep },
      management: http.management,
    },
    async close(graceMs) {
      access.close();
      service.shutdown();
      events?.shutdown();
      await Promise.all([evaluation?.drain(graceMs), sync?.close(graceMs)]);
      // Last, so that probes see the daemon stopping instead of nothing.
      await http.stop(graceMs);
    },
  };
}

/** Undefined: nobody wants to know of single evaluations. */
function allOf(...traces: readonly (EvaluationTrace | undefined)[]): EvaluationTrace | undefined {
  return traces.reduce(
    (one, other) => (one && other ? both(one, other) : (one ?? other)),
    undefined,
  );
}

/** Threads can share a port, not a socket. */
async function listenAt<Bound>(
  address: Address,
  shared: PortSharing | undefined,
  listen: (address: ListenAddress) => Promise<Bound>,
): Promise<Bound | undefined> {
  if ("socketPath" in address) return shared?.as === "joining" ? undefined : listen(address);
  return listen({ ...address, ...(shared && { shared }) });
}
