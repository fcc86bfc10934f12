/** What is observed of the calls that a port serves, whatever the protocol: for metrics and traces. */

/** A finished call, for metrics. */
export interface CallRecord {
  readonly path: string;
  readonly protocol: "grpc" | "grpc_web" | "connect_rpc" | "http";
  readonly httpMethod: string;
  readonly httpStatus: number;
  /** gRPC code number; 0 is OK. Undefined if the request was not an RPC. */
  readonly code: number | undefined;
  readonly milliseconds: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** The method streams its answers; absent: it does not. */
  readonly stream?: boolean;
  /** Messages sent; absent: one. */
  readonly responses?: number;
}

/** A call whose headers have arrived. */
export interface CallStart {
  readonly path: string;
  readonly protocol: CallRecord["protocol"];
  readonly httpMethod: string;
  header(name: string): string | undefined;
  /** What the service that is called finds in place of what the client sent. */
  setHeader(name: string, value: string): void;
}

/** Follows one call to its end. */
export interface CallSpan {
  /** To be called once; undefined: the client closed the connection before there was an answer. */
  end(call: CallRecord | undefined): void;
}

/** Observes the calls of a listener. */
export interface CallObserver {
  /** A finished call. */
  readonly onCall?: (call: CallRecord) => void;
  /** A request was opened (1) that may stay open for long, or such a one is over (-1). */
  readonly onOpen?: (httpMethod: string, path: string, change: 1 | -1) => void;
  readonly trace?: (call: CallStart) => CallSpan | undefined;
}
