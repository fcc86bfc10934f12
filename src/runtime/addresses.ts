import { isLoopback } from "../core/loopback.ts";
import { showAddress } from "../core/tcp-address.ts";
import { exactRoutes, type RouteOf } from "../telemetry/routes.ts";
import type { FastPath, ListenAddress } from "../transport/listener.ts";

/** `[::]:8013` or the path of the socket. */
export function describe(address: ListenAddress): string {
  return "socketPath" in address ? address.socketPath : showAddress(address);
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

/**
 * Which listeners other machines can connect to, in words for the log.
 * @param listeners by what they serve
 */
export function reachableFromOutside(listeners: Readonly<Record<string, ListenAddress>>): string {
  const open = Object.entries(listeners)
    .filter(([, address]) => "port" in address && !(address.host && isLoopback(address.host)))
    .map(([what]) => what);
  if (open.length === 0) return "other machines can reach nothing of this";
  return `other machines can reach: ${open.join(", ")} (--listen 127.0.0.1 keeps them out)`;
}
