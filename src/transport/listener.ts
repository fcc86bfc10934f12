import type { IncomingHttpHeaders } from "node:http";
import type { ConnectRouter } from "@connectrpc/connect";
import type { CallObserver } from "../core/calls.ts";
import type { Log } from "../core/log.ts";
import type { ServerTls } from "../core/tls/tls-material.ts";
import type { Guard } from "./guard.ts";
import type { PingRule } from "./http2/flood-limits.ts";

/** Several threads listen on one port, and the kernel spreads connections over them. */
export interface PortSharing {
  readonly threads: number;
  /**
   * The first makes sure that no other process has the port; with SO_REUSEPORT alone nobody would
   * notice.
   */
  readonly as: "first" | "joining";
}

/** Where a listener is bound. */
export type ListenAddress =
  | {
      readonly port: number;
      readonly host?: string;
      readonly shared?: PortSharing;
    }
  | { readonly socketPath: string };

/** Puts services into Connect's router. */
export type Routes = (router: ConnectRouter) => void;

/** How many requests took which path. */
export interface PathCounts {
  readonly fast: { value: number };
  readonly general: { value: number };
}

/** Counts for nobody. */
export function uncounted(): PathCounts {
  return { fast: { value: 0 }, general: { value: 0 } };
}

/** `unary` and `streams` are some of the methods of `routes`. */
export interface ListenerOptions extends CallObserver, Partial<FastPath> {
  /** For messages: "evaluation", "sync". */
  readonly name: string;
  readonly address: ListenAddress;
  readonly tls?: ServerTls;
  /** Loads the services, for gRPC, gRPC-web and Connect, when they are first asked for. */
  readonly routes: () => Promise<Routes>;
  /** False: gRPC only, everything else is refused (the sync port). */
  readonly web: boolean;
  /** Allowed origins (`*` wildcards); empty: every origin. Undefined: no CORS. */
  readonly corsOrigins?: readonly string[];
  /** Bytes, compressed and decompressed; ≤ 0: no limit. */
  readonly maxRequestBody: number;
  /** Bytes; ≤ 0: 1 MiB. */
  readonly maxRequestHeader: number;
  /** Where a path that nothing here serves is served, for the answer to it; undefined: nowhere. */
  readonly hint?: (path: string) => string | undefined;
  /** Streams open at once on one HTTP/2 connection; without: 250. */
  readonly maxConcurrentStreams?: number;
  /** Disconnect clients that ping more often (GOAWAY too_many_pings). Undefined: pings are not counted. */
  readonly keepAlive?: PingRule;
  /** Undefined: everybody may use the port. */
  readonly guard?: Guard | undefined;
  readonly paths?: PathCounts;
  readonly log: Log;
}

/** A bound listener. */
export interface Listener {
  /** The real port or the socket path, once bound. */
  readonly address: ListenAddress;
  /** Accepts no more, sends GOAWAY, waits for calls in flight up to `graceMs`, then closes what is left. */
  drain(graceMs: number): Promise<void>;
}

/**
 * A unary gRPC method on the fast path: message bytes in, message bytes out.
 * Answers what the method of the same path in Connect's routes answers, only without the way there.
 */
export interface UnaryMethod {
  /** `/package.Service/Method` */
  readonly path: string;
  /**
   * A large answer is a promise and made in turns of the event loop.
   * @param unwanted whether the client has gone meanwhile; then the promise is rejected
   * @throws RpcError
   */
  call(
    message: Uint8Array,
    headers: IncomingHttpHeaders,
    unwanted?: () => boolean,
  ): Uint8Array | Promise<Uint8Array>;
  /**
   * The same in JSON, as Connect's handlers read and write it. undefined: a request that they had
   * better read themselves. The error must have neither details nor metadata.
   * @throws RpcError
   */
  callJson?(message: Uint8Array, headers: IncomingHttpHeaders): Uint8Array | undefined;
}

/** One open server stream on the fast path. */
export interface MessageStream {
  /**
   * Sends a message, already framed by `frameMessage`: one buffer may go to many streams. A
   * large frame may be sent in consecutive pieces, so that progress within it can be seen.
   * False: the peer reads slowly, `onDrain` tells when to go on; what is sent meanwhile is buffered.
   */
  send(frame: Uint8Array): boolean;
  /** Ends the stream, with an error if one is given. */
  end(error?: Error): void;
  /** Drops the stream at once (RST_STREAM). */
  abort(): void;
  onDrain(listener: () => void): void;
  /** Called once, however the stream ends. */
  onClose(listener: () => void): void;
}

/** A server-streaming gRPC method on the fast path. */
export interface StreamMethod {
  readonly path: string;
  /** @throws RpcError, which becomes the stream's status. */
  open(message: Uint8Array, headers: IncomingHttpHeaders, stream: MessageStream): void;
}

/** The methods of a service that are on the fast path. */
export interface FastPath {
  readonly unary: readonly UnaryMethod[];
  readonly streams: readonly StreamMethod[];
}
