import { exactRoutes, type RouteOf } from "../telemetry/routes.ts";
import type { ListenAddress } from "../transport/listener.ts";
import type { FastPath } from "../transport/method.ts";

/** `[::]:8013` or the path of the socket. */
export function describe(address: ListenAddress): string {
  return "socketPath" in address ? address.socketPath : `${address.host ?? "[::]"}:${address.port}`;
}

/** What listens, with the option that moves it: `evaluation (--port)`. */
export function listenerName(what: string, portOption: string, address: ListenAddress): string {
  // The option of a socket is named after that of the port in whose place it stands.
  const option = "port" in address ? portOption : portOption.replace(/port$/, "socket-path");
  return `${what} (--${option})`;
}

/** The paths of a service's methods, as metrics know them. */
export function routesOf({ unary, streams }: FastPath): RouteOf {
  return exactRoutes([...unary, ...streams].map(({ path }) => path));
}
