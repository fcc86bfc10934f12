import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Exchange, HeaderFields } from "../connect/exchange.ts";

/** A request and its answer on node:http. */
export class Http1Exchange implements Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  /** Is the connection to be closed after this answer? Asked when the answer starts. */
  readonly #closing: () => boolean;

  constructor(request: IncomingMessage, response: ServerResponse, closing: () => boolean) {
    this.#request = request;
    this.#response = response;
    this.#closing = closing;
  }

  get httpVersion(): string {
    return this.#request.httpVersion;
  }
  get method(): string {
    return this.#request.method ?? "";
  }
  /** Without scheme and authority, which a server has to take as well (RFC 9112 §3.2.2). */
  get target(): string {
    return (this.#request.url ?? "").replace(/^https?:\/\/[^/?]*/i, "");
  }
  get headers(): IncomingMessage["headers"] {
    return this.#request.headers;
  }
  get body(): IncomingMessage {
    return this.#request;
  }
  get gone(): boolean {
    return this.#response.destroyed || this.#response.closed;
  }

  onClose(listener: () => void): void {
    this.#response.once("close", listener);
  }

  respond(status: number, fields: HeaderFields, trailers: boolean): void {
    if (this.gone || this.#response.headersSent) return;
    const headers: OutgoingHttpHeaders = {};
    for (const name in fields) headers[name] = fields[name] as string | string[];
    if (trailers || this.#closing() || this.#hasUnreadBody()) headers.connection = "close";
    this.#attempt(() => this.#response.writeHead(status, headers));
  }

  answer(status: number, fields: HeaderFields): void {
    this.respond(status, fields, false);
    this.end();
  }

  write(chunk: Uint8Array): boolean {
    return this.gone || this.#attempt(() => this.#response.write(chunk));
  }

  room(): Promise<void> {
    return new Promise((resolve) => {
      if (this.gone || !this.#response.writableNeedDrain) return resolve();
      this.#response.once("drain", resolve).once("close", resolve);
    });
  }

  end(trailers?: HeaderFields): void {
    if (this.gone) return;
    this.#attempt(() => {
      if (trailers && this.httpVersion === "1.1") this.#endWith(trailers);
      else this.#response.end();
      // What is left of the request is thrown away, so that its sender comes to read the answer.
      if (!this.#request.complete) this.#request.resume();
    });
  }

  abort(): void {
    this.#response.destroy();
  }

  /**
   * The last chunk, with trailers (RFC 9112 §7.1.2), and the end of the connection. Bun's node:http
   * leaves them out on a connection that it did not accept itself.
   */
  #endWith(trailers: HeaderFields): void {
    this.#response.flushHeaders();
    let chunk = "0\r\n";
    for (const name in trailers) chunk += `${name}: ${trailers[name]}\r\n`;
    this.#request.socket.end(`${chunk}\r\n`);
  }

  /** Nobody is going to read it, and nobody knows how much is still to come. */
  #hasUnreadBody(): boolean {
    const { complete, headers } = this.#request;
    if (complete) return false;
    return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  }

  /** node:http throws for headers and trailers that it cannot send; the client has to see that. */
  #attempt<T>(action: () => T): T | true {
    try {
      return action();
    } catch {
      this.#response.destroy();
      return true;
    }
  }
}
