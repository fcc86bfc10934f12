import type { DescService } from "@bufbuild/protobuf";
import { exactRoutes, type RouteOf } from "../telemetry/routes.ts";
import type { ListenAddress } from "../transport/listener.ts";

/** `[::]:8013` or the path of the socket. */
export function describe(address: ListenAddress): string {
  return "socketPath" in address ? address.socketPath : `${address.host ?? "[::]"}:${address.port}`;
}

/** The paths of all methods, as metrics know them. */
export function routesOf(...services: readonly DescService[]): RouteOf {
  return exactRoutes(
    services.flatMap(({ typeName, methods }) => methods.map(({ name }) => `/${typeName}/${name}`)),
  );
}
