import type { Socket } from "node:net";
import { within } from "../core/clock.ts";
import { ExpiryQueue, sweeper } from "../core/expiry.ts";
import { Acceptor, connectionsAllowed } from "./acceptor.ts";
import { bind } from "./bind.ts";
import type { Expirable, TransportContext } from "./call.ts";
import { createConnectFastPath } from "./connect/fast-path.ts";
import { LazyDispatcher } from "./connect/lazy-dispatcher.ts";
import { createCors } from "./cors.ts";
import { refuse } from "./end-connection.ts";
import { envelopeBytes } from "./grpc/envelope.ts";
import { StreamCall } from "./grpc/stream-call.ts";
import { UnaryCall } from "./grpc/unary-call.ts";
import { Http1Server } from "./http1/http1-server.ts";
import { Http2Exchange } from "./http2/http2-exchange.ts";
import { Http2Server } from "./http2/http2-server.ts";
import type { Http2Stream } from "./http2/http2-stream.ts";
import {
  defaultMaxConcurrentStreams,
  defaultTimeouts,
  maxHeaderBytesOf,
  maxIncompleteBytes,
  type Timeouts,
  unlimitedBytes,
} from "./limits.ts";
import {
  type Listener,
  type ListenerOptions,
  type PathCounts,
  type StreamMethod,
  uncounted,
} from "./listener.ts";

/**
 * Serves gRPC, gRPC-web and Connect on one port or unix socket, over HTTP/1.1 and HTTP/2.
 *
 * A gRPC call of a method in `unary` or `streams` takes a fast path, and so does a unary one of
 * Connect's protocol in JSON over HTTP/1.1; everything else goes through Connect's handlers for the
 * same `routes`.
 * @throws ConfigError if the address is taken or a certificate cannot be used.
 */
export async function listen(
  options: ListenerOptions,
  tuned: Partial<Timeouts> = {},
): Promise<Listener> {
  const timeouts: Timeouts = { ...defaultTimeouts, ...tuned };
  const { log, keepAlive } = options;
  const context: TransportContext = {
    log,
    maxBytes: options.maxRequestBody > 0 ? options.maxRequestBody : unlimitedBytes,
    receiving: new ExpiryQueue<Expirable>(
      timeouts.requestMs,
      (request) => request.expire(),
      sweeper,
    ),
    guard: options.guard,
    hint: options.hint,
    observer: options.onCall || options.onOpen || options.trace ? options : undefined,
  };
  const cors = options.corsOrigins && createCors(options.corsOrigins);
  const dispatcher = new LazyDispatcher(options, cors, context);
  const maxHeaderBytes = maxHeaderBytesOf(options.maxRequestHeader);
  const paths = options.paths ?? uncounted();
  const http1 = new Http1Server({
    paths,
    maxHeaderBytes,
    timeouts,
    fastPath: () => createConnectFastPath(options.unary ?? [], cors, timeouts.keepAliveMs, context),
    serve: (exchange) => void dispatcher.serve(exchange),
  });
  const http2 = new Http2Server({
    maxConcurrentStreams: options.maxConcurrentStreams ?? defaultMaxConcurrentStreams,
    maxIncompleteBytes: Math.max(maxIncompleteBytes, context.maxBytes + envelopeBytes),
    maxHeaderBytes,
    pings: keepAlive,
    timeouts,
    log,
    serve: createHttp2Handler(options, dispatcher, context, paths),
  });
  const shared = "socketPath" in options.address ? undefined : options.address.shared;
  const acceptor = new Acceptor(
    { tls: options.tls, timeouts, maxConnections: connectionsAllowed(shared), log },
    {
      http1: options.web ? (socket, first) => http1.accept(socket, first) : refuseHttp1,
      http2: (socket, first) => http2.accept(socket, first),
    },
  );

  const address = await bind(acceptor.server, options.address, options.name);
  let drained: Promise<void> | undefined;
  const drain = async (graceMs: number): Promise<void> => {
    acceptor.stop();
    http1.drain();
    http2.drain();
    await within(acceptor.empty(), graceMs);
    acceptor.destroyAll();
  };
  return { address, drain: (graceMs) => (drained ??= drain(graceMs)) };
}

/** Chooses the path of each HTTP/2 request. */
function createHttp2Handler(
  options: ListenerOptions,
  dispatcher: LazyDispatcher,
  context: TransportContext,
  paths: PathCounts,
): ConstructorParameters<typeof Http2Server>[0]["serve"] {
  const unary = new Map(options.unary?.map((method) => [method.path, method]));
  const streams = new Map(options.streams?.map((method) => [method.path, method]));
  const { guard } = options;
  return (stream, socket) => {
    const { headers } = stream;
    const contentType = headers["content-type"];
    if (
      (contentType === "application/grpc" || contentType === "application/grpc+proto") &&
      headers[":method"] === "POST"
    ) {
      const path = headers[":path"] as string;
      const method = unary.get(path);
      const streaming = streams.get(path);
      const fast = method ?? streaming;
      // The general path has the words for who is refused.
      if (fast && guard && !guard.admits(path, headers)) return general(stream, socket);
      if (fast) paths.fast.value++;
      if (method) return new UnaryCall(stream, method, context);
      if (streaming) return openStream(stream, streaming);
    }
    return general(stream, socket);
  };

  function openStream(stream: Http2Stream, method: StreamMethod): StreamCall {
    const call = new StreamCall(stream, method, context);
    if (guard) call.onClose(guard.hold(stream.headers, (reason) => call.end(reason)));
    return call;
  }

  function general(stream: Http2Stream, socket: Socket): Http2Exchange {
    paths.general.value++;
    const exchange = new Http2Exchange(stream, socket);
    stream.occupy(dispatcher.serve(exchange));
    return exchange;
  }
}

function refuseHttp1(socket: Socket): void {
  refuse(
    socket,
    "505 HTTP Version Not Supported",
    "this port speaks gRPC only, over HTTP/2 with prior knowledge or ALPN h2\n",
  );
}
