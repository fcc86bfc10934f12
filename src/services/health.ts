import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../gen/grpc/health/v1/health_pb.ts";

export { Health };

export interface HealthOptions {
  /** The services that may be asked about by name; `""`, the server itself, always may. */
  readonly services: readonly DescService[];
  /** Are requests answered as they should be? The same for all services. */
  readonly serving: () => boolean;
  /** Calls the listener when `serving` may have changed. Returns what ends the subscription. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** The gRPC health checking protocol, `grpc.health.v1`. */
export function healthRoutes(options: HealthOptions): (router: ConnectRouter) => void {
  const known = new Set(["", Health.typeName, ...options.services.map((desc) => desc.typeName)]);
  const current = () => (options.serving() ? Status.SERVING : Status.NOT_SERVING);

  return (router) =>
    router.service(Health, {
      check({ service }) {
        if (!known.has(service)) throw new ConnectError("unknown service", Code.NotFound);
        return { status: current() };
      },
      async *watch({ service }, { signal }) {
        let wake = () => {};
        const end = options.subscribe(() => wake());
        const onAbort = () => wake();
        signal.addEventListener("abort", onAbort);
        try {
          let last: Status | undefined;
          while (!signal.aborted) {
            const status = known.has(service) ? current() : Status.SERVICE_UNKNOWN;
            if (status === last) {
              await new Promise<void>((resolve) => {
                wake = resolve;
              });
            } else {
              last = status;
              yield { status };
            }
          }
        } finally {
          end();
          signal.removeEventListener("abort", onAbort);
        }
      },
    });
}
