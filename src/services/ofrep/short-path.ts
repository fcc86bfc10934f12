import type { HeaderList } from "../../transport/cors.ts";
import { httpDate } from "../../transport/http1/date.ts";
import type { PlainAnswer } from "../../transport/http1/plain-connection.ts";
import type { PlainHead } from "../../transport/http1/plain-head.ts";
import type { Reply } from "./reply.ts";
import type { OfrepRequest } from "./request.ts";
import type { OfrepOptions, OfrepParts } from "./service.ts";
import { watch } from "./watched.ts";

/** A path that Bun leaves as it is, and no query. */
const plainTarget = /^\/ofrep\/v1\/evaluate\/flags(?:\/[\w~-][\w.~-]*)?$/;

const statusLines: Readonly<Record<number, string>> = {
  200: "HTTP/1.1 200 OK\r\n",
  304: "HTTP/1.1 304 Not Modified\r\n",
  400: "HTTP/1.1 400 Bad Request\r\n",
  404: "HTTP/1.1 404 Not Found\r\n",
};

/**
 * Answers evaluations from the bytes of their requests, as Bun.serve sends the handler's answers: it
 * does without Request, Response, Headers and the promise of a body, which are most of what a small
 * request costs. Whatever is unusual (another method, a query, a body of unknown length or over the
 * limit) is left to the handler.
 */
export function createShortPath(
  options: OfrepOptions,
  { routes, cors, evaluate }: OfrepParts,
): PlainAnswer {
  const { trace } = options;
  const maxBytes = options.maxRequestBody > 0 ? options.maxRequestBody : Number.POSITIVE_INFINITY;
  // As `Request.text` decodes: without a byte order mark.
  const decoder = new TextDecoder();
  const isPlain = lastTrue((target) => plainTarget.test(target));

  return (head, body, last) => {
    const { target } = head;
    if (body.length > maxBytes || !isPlain(target)) return undefined;
    const route = routes.of(target);
    if (route?.kind !== "single" && route?.kind !== "bulk") return undefined;
    const request = requestOf(head, trace !== undefined);
    const { method, headers } = request;
    const watched = watch(options, { method, headers, path: route.path }, (reply) =>
      encode(reply, cors.actual(head.headers.origin), last),
    );
    const key = route.kind === "single" ? route.key : undefined;
    const read = { text: decoder.decode(body), bytes: body.length };
    try {
      const answer = watched.attempt(() => evaluate(request, key, read, watched));
      // Only a query can name a configuration that has to be waited for.
      return answer instanceof Promise ? undefined : answer;
    } catch {
      // The handler fails as well, and has words for it.
      return undefined;
    }
  };
}

/** @param copied Tracing writes into the headers, and heads are used again. */
function requestOf(head: PlainHead, copied: boolean): OfrepRequest {
  const fields: Record<string, string> = copied ? { ...head.headers } : head.headers;
  return {
    url: head.target,
    method: "POST",
    headers: {
      get: (name) => fields[name] ?? null,
      set(name, value) {
        fields[name] = value;
      },
    },
  };
}

function encode({ status, headers, body }: Reply, more: HeaderList, last: boolean): Buffer {
  if (typeof body !== "string" && body !== null) throw new TypeError("a stream is no plain answer");
  let head = statusLines[status];
  if (head === undefined) throw new TypeError(`${status} is no status of an evaluation`);
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  for (const [name, value] of more) head += `${name}: ${value}\r\n`;
  head += `Date: ${httpDate()}\r\n`;
  if (last) head += "Connection: close\r\n";
  if (body === null) return Buffer.from(`${head}\r\n`, "latin1");
  const length = Buffer.byteLength(body);
  head += `Content-Length: ${length}\r\n\r\n`;
  const answer = Buffer.allocUnsafe(head.length + length);
  answer.write(head, "latin1");
  answer.write(body, head.length);
  return answer;
}

/** Clients ask for the same over and over: what was true of the last text is known. */
function lastTrue(test: (text: string) => boolean): (text: string) => boolean {
  let last: string | undefined;
  return (text) => {
    if (text === last) return true;
    if (!test(text)) return false;
    last = text;
    return true;
  };
}
