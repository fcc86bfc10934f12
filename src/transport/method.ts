import type { IncomingHttpHeaders } from "node:http";

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
  /** Ends the stream, with an error where one is given. */
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
