import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  type HandlerContext,
} from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import { compressMinBytes } from "../limits.ts";

/** Connect's handlers by path, for the protocols that a listener speaks. */
export function createHandlers(
  routes: (router: ConnectRouter) => void,
  web: boolean,
  maxBytes: number,
): ReadonlyMap<string, UniversalHandler> {
  const router = createConnectRouter({
    grpc: true,
    grpcWeb: web,
    connect: web,
    readMaxBytes: maxBytes,
    compressMinBytes,
    acceptCompression: [compressionGzip],
    requestGate: checkProtocolVersion,
  });
  routes(router);
  return new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
}

/** The header is optional, but one that asks for another version cannot be served. */
function checkProtocolVersion(context: HandlerContext): void {
  if (context.protocolName !== "connect") return;
  const version = context.requestHeader.get("connect-protocol-version");
  if (version === null || version === "1") return;
  throw new ConnectError(
    `Connect-Protocol-Version must be "1": got "${version}"`,
    Code.InvalidArgument,
  );
}
