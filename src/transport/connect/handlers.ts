import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  createContextKey,
  type HandlerContext,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import type { Log } from "../../core/log.ts";
import { publicError } from "../grpc/grpc-status.ts";
import { confinedHeader } from "../guard.ts";
import { compressMinBytes } from "../limits.ts";

/** Connect's handlers by path, for the protocols that a listener speaks. */
export function createHandlers(
  routes: (router: ConnectRouter) => void,
  web: boolean,
  maxBytes: number,
  log: Log,
): ReadonlyMap<string, UniversalHandler> {
  const router = createConnectRouter({
    grpc: true,
    grpcWeb: web,
    connect: web,
    readMaxBytes: maxBytes,
    compressMinBytes,
    acceptCompression: [compressionGzip],
    requestGate: checkProtocolVersion,
    interceptors: [noteFailures(log), refuseLate],
  });
  routes(router);
  return new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
}

/** Of one call: how its method failed, which the head of an answer in Connect's protocol does not tell. */
export interface Failure {
  code?: Code;
}

export const failureKey = createContextKey<Failure | undefined>(undefined);

/**
 * Tells the call how its method failed; and the log of an exception that is none of its errors, which Connect
 * answers with "internal error" and tells nobody.
 */
function noteFailures(log: Log): Interceptor {
  const note = (error: unknown, request: StreamRequest | UnaryRequest): void => {
    const { aborted, reason } = request.signal;
    // Not what a client does that is gone.
    if (aborted && error !== reason) return;
    const path = `/${request.service.typeName}/${request.method.name}`;
    const { code } = error instanceof ConnectError ? error : publicError(error, path, log);
    const failure = request.contextValues.get(failureKey);
    if (failure) failure.code = code;
  };
  async function* notingFailures<T>(
    messages: AsyncIterable<T>,
    request: StreamRequest | UnaryRequest,
  ) {
    try {
      yield* messages;
    } catch (error) {
      note(error, request);
      throw error;
    }
  }
  return (next) => async (request) => {
    try {
      const response = await next(request);
      if (!response.stream) return response;
      return { ...response, message: notingFailures(response.message, request) };
    } catch (error) {
      note(error, request);
      throw error;
    }
  };
}

/** Connect answers a unary call whatever became of its deadline while its message arrived. */
const refuseLate: Interceptor = (next) => (request) => {
  if (!request.stream) request.signal.throwIfAborted();
  return next(request);
};

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

/** What the client is confined to, which handlers do not find among the headers. */
export const confinedKey = createContextKey<string | undefined>(undefined);

/** The request headers of a call that handlers serve, by lower-case name. */
export function headersOf(call: HandlerContext): (name: string) => string | null | undefined {
  return (name) =>
    name === confinedHeader ? call.values.get(confinedKey) : call.requestHeader.get(name);
}
