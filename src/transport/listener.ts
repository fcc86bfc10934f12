import type { ConnectRouter } from "@connectrpc/connect";
import type { CallObserver } from "../core/calls.ts";
import type { Log } from "../core/log.ts";
import type { ServerTls } from "../core/server-tls.ts";
import type { PingRule } from "./http2/pings.ts";
import type { FastPath } from "./method.ts";

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
  readonly maxRequestHeader: number;
  /** Where a path that nothing here serves is served, for the answer to it; undefined: nowhere. */
  readonly hint?: (path: string) => string | undefined;
  /** Streams open at once on one HTTP/2 connection; without: 250. */
  readonly maxConcurrentStreams?: number;
  /** Disconnect clients that ping more often (GOAWAY too_many_pings). Undefined: pings are not counted. */
  readonly keepAlive?: PingRule;
  readonly log: Log;
}

/** A bound listener. */
export interface Listener {
  /** The real port or the socket path, once bound. */
  readonly address: ListenAddress;
  /** Accepts no more, sends GOAWAY, waits for calls in flight up to `graceMs`, then closes what is left. */
  drain(graceMs: number): Promise<void>;
}
