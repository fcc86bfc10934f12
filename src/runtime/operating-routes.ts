import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { healthRoutes } from "../services/health.ts";
import type { Readiness } from "../services/management/readiness.ts";
import { reflectionRoutes } from "../services/reflection.ts";

/** `routes` and, beside them, what tools ask of every gRPC port: health and reflection. */
export function withOperatingRoutes(
  routes: (router: ConnectRouter) => void,
  services: readonly DescService[],
  readiness: Readiness,
): (router: ConnectRouter) => void {
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
}
