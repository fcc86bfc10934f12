/** HTTP requests and replies as handlers see them: what OFREP and management need, and no more. */
import type { Readable } from "node:stream";
import type { Log } from "../core/log.ts";
import type { HeaderList } from "./cors.ts";
import type { HeaderFields } from "./exchange.ts";
import type { Http1Exchange } from "./http1/http1-exchange.ts";

export interface HttpRequest {
  readonly method: string;
  /** Path and query as the client wrote them. */
  readonly target: string;
  /** By lower-case names. Tracing writes into them. */
  readonly headers: Record<string, string>;
  readonly body: Readable;
  /** Of the client; undefined over a unix socket. */
  readonly remoteAddress?: string | undefined;
  /** It came over TLS. */
  readonly secure: boolean;
  /** The client went away before the answer was complete. */
  readonly gone?: boolean;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: string | Uint8Array | ReadableStream<Uint8Array<ArrayBuffer>> | null;
}

/** undefined: the request is not for this handler, the next is asked. Handlers bound the bodies that they read. */
export type HttpHandler = (request: HttpRequest) => HttpReply | Promise<HttpReply> | undefined;

/** The path of a target, without the query. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}

export const notFoundPage: HttpReply = {
  status: 404,
  headers: [
    ["Content-Type", "text/plain; charset=utf-8"],
    ["X-Content-Type-Options", "nosniff"],
  ],
  body: "404 page not found\n",
};

const internalError: HttpReply = {
  status: 500,
  headers: [["Content-Type", "application/json"]],
  body: '{"errorCode":"GENERAL","errorDetails":"internal error"}',
};

/** Serves exchanges by the first of the handlers that answers. */
export function serveByHandlers(
  handlers: readonly HttpHandler[],
  log: Log,
): (exchange: Http1Exchange) => void {
  const fail = (exchange: Http1Exchange, error: unknown): void => {
    if (exchange.gone) return;
    log.error("request failed", { error: String(error) });
    sendReply(exchange, internalError);
  };
  return (exchange) => {
    try {
      const reply = firstReply(handlers, exchange);
      if (!(reply instanceof Promise)) {
        sendReply(exchange, reply);
        return;
      }
      reply.then(
        (made) => sendReply(exchange, made),
        (error) => fail(exchange, error),
      );
    } catch (error) {
      fail(exchange, error);
    }
  };
}

function firstReply(handlers: readonly HttpHandler[], request: HttpRequest) {
  for (const handler of handlers) {
    const reply = handler(request);
    if (reply !== undefined) return reply;
  }
  return notFoundPage;
}

const encoder = new TextEncoder();

function sendReply(exchange: Http1Exchange, { status, headers, body }: HttpReply): void {
  const fields = fieldsOf(headers);
  if (body === null) {
    exchange.answer(status, fields);
  } else if (body instanceof ReadableStream) {
    exchange.respond(status, fields);
    void sendStream(exchange, body);
  } else {
    const bytes = typeof body === "string" ? encoder.encode(body) : body;
    exchange.respond(status, { ...fields, "Content-Length": String(bytes.length) });
    exchange.write(bytes);
    exchange.end();
  }
}

function fieldsOf(list: HeaderList): HeaderFields {
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of list) {
    const before = fields[name];
    if (before === undefined) fields[name] = value;
    else fields[name] = typeof before === "string" ? [before, value] : [...before, value];
  }
  return fields;
}

/** To its end, or until the client is gone. */
async function sendStream(exchange: Http1Exchange, body: ReadableStream<Uint8Array>) {
  const reader = body.getReader();
  exchange.onClose(() => void reader.cancel().catch(() => {}));
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return exchange.end();
      if (!exchange.write(value)) await exchange.room();
    }
  } catch {
    exchange.abort();
  }
}
