import type { Readiness } from "../services/management/readiness.ts";
import type { RpcService } from "../services/rpc-service.ts";
import type { Routes } from "../transport/listener.ts";

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
