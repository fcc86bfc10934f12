import type { ServingConfig } from "../config/serving.ts";
import type { Log } from "../core/log.ts";
import type { Readiness } from "../services/management/readiness.ts";
import type { RpcService } from "../services/rpc-service.ts";
import { createSyncService } from "../services/sync/sync-service.ts";
import type { Registry } from "../telemetry/metrics/registry.ts";
import { createSyncMetrics } from "../telemetry/stream-metrics.ts";
import type { Guard } from "../transport/guard.ts";
import { listen } from "../transport/listen.ts";
import type { ListenAddress, PathCounts, Routes } from "../transport/listener.ts";
import { listenerName, routesOf } from "./addresses.ts";
import type { FlagPipeline } from "./flag-pipeline.ts";
import type { ObserveCalls } from "./telemetry.ts";

/** The bound listener of the sync service. */
export interface SyncPort {
  readonly address: ListenAddress;
  close(graceMs: number): Promise<void>;
}

/** Requests of the sync service are tiny; the bound is gRPC's own. */
const maxRequestBody = 4 << 20;

/**
 * Binds the sync service, for either command.
 * @throws ConfigError
 */
export async function listenSync(parts: {
  readonly config: ServingConfig;
  /** Undefined: everybody may use it. */
  readonly guard: Guard | undefined;
  /** Default: the configured one. */
  readonly address?: ListenAddress;
  /** What the option of its port is called. */
  readonly portOption: string;
  readonly paths: PathCounts;
  readonly pipeline: FlagPipeline;
  readonly registry: Registry;
  readonly observeCalls: ObserveCalls;
  readonly log: Log;
}): Promise<SyncPort> {
  const { config, pipeline, registry, observeCalls } = parts;
  const address = parts.address ?? config.sync.address;
  const { tls, disableMetadata, stallTimeoutMs, keepAlive } = config.sync;
  const log = parts.log.with({ component: "FlagSyncService" });
  const service = createSyncService({
    store: pipeline.store,
    context: pipeline.context,
    whenReady: pipeline.readiness.whenReady(),
    metadataDisabled: disableMetadata,
    streamDeadlineMs: config.streamDeadlineMs,
    stallMs: stallTimeoutMs,
    log,
    measure: createSyncMetrics(registry),
  });
  const listener = await listen({
    ...service,
    ...observeCalls({
      port: "sync",
      scheme: tls ? "https" : "http",
      routeOf: routesOf(service),
    }),
    routes: withOperatingRoutes(service, pipeline.readiness),
    name: listenerName("sync stream", parts.portOption, address),
    address,
    ...(tls && { tls }),
    web: false,
    guard: parts.guard,
    paths: parts.paths,
    maxRequestBody,
    maxRequestHeader: 0,
    keepAlive,
    log,
  });
  return {
    address: listener.address,
    close: (graceMs) => {
      service.shutdown();
      return listener.drain(graceMs);
    },
  };
}

/** A service's routes and, beside them, what tools ask of every gRPC port: health and reflection. */
export function withOperatingRoutes(
  service: RpcService,
  readiness: Readiness,
): () => Promise<Routes> {
  return async () => {
    const [routes, services, { Health, healthRoutes }, { reflectionRoutes }] = await Promise.all([
      service.routes(),
      service.descriptors(),
      import("../services/health.ts"),
      import("../services/reflection.ts"),
    ]);
    const health = healthRoutes({
      services,
      serving: () => readiness.state === "ready",
      subscribe: (listener) => readiness.subscribe(listener),
    });
    const reflection = reflectionRoutes([...services, Health]);
    return (router) => {
      routes(router);
      health(router);
      reflection(router);
    };
  };
}
