import type { CallObserver } from "../../core/calls.ts";
import type { HeaderList } from "../../transport/cors.ts";
import {
  type FastPath,
  type HeadEnd,
  headEnd,
  statusLine,
} from "../../transport/http1/response-head.ts";
import { defaultTimeouts } from "../../transport/limits.ts";
import { observe } from "./observed-request.ts";
import type { OfrepRequest } from "./ofrep-request.ts";
import type { OfrepOptions, OfrepParts } from "./ofrep-service.ts";
import type { Reply } from "./reply.ts";

/** A path without percent-encoding, and no query. */
const plainTarget = /^\/ofrep\/v1\/evaluate\/flags(?:\/[\w~-][\w.~-]*)?$/;

/**
 * Answers evaluations from the bytes of their requests, as the handler would. It skips the request's stream, its
 * exchange and the promise of a body, which are most of what a small request costs, and may, as the whole body is
 * there and nothing has to be waited for. Whatever is unusual (another method, a query, percent-encoding, a body
 * over the limit) or takes long is left to the handler.
 */
export function createFastPath(
  observer: CallObserver,
  options: OfrepOptions,
  { routes, cors, evaluations }: OfrepParts,
): FastPath {
  const { trace } = observer;
  const { guard } = options;
  const maxBytes = options.maxRequestBody > 0 ? options.maxRequestBody : Number.POSITIVE_INFINITY;
  // As `Request.text` decodes: without a byte order mark.
  const decoder = new TextDecoder();
  const endOfHead: HeadEnd = headEnd(defaultTimeouts.keepAliveMs);
  const isPlain = lastTrue((target) => plainTarget.test(target));

  return (head, body, last) => {
    const { target } = head;
    if (head.method !== "POST") return undefined;
    if (body.length > maxBytes || !isPlain(target)) return undefined;
    const route = routes.of(target);
    if (route?.kind !== "single" && route?.kind !== "bulk") return undefined;
    if (guard && !guard.admits(route.path, head.headers)) return undefined;
    if (route.kind === "bulk" && evaluations.takesTurns(head.headers)) return undefined;
    // Tracing writes into the headers, and heads are used again.
    const headers: Record<string, string> = trace ? { ...head.headers } : head.headers;
    const request: OfrepRequest = { method: "POST", target, headers };
    const observed = observe(observer, { method: "POST", headers, path: route.path }, (reply) =>
      encode(reply, cors.actual(headers.origin), endOfHead(last)),
    );
    const key = route.kind === "single" ? route.key : undefined;
    const read = { text: decoder.decode(body), bytes: body.length };
    try {
      const answer = observed.attempt(() => evaluations.evaluate(request, key, read, observed));
      // Only a query can name a configuration that has to be waited for.
      return answer instanceof Promise ? undefined : answer;
    } catch {
      // The handler fails as well, and has words for it.
      return undefined;
    }
  };
}

function encode({ status, headers, body }: Reply, more: HeaderList, endOfHead: string): Buffer {
  if (typeof body !== "string" && body !== null) throw new TypeError("a stream is no plain answer");
  let head = statusLine(status);
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  for (const [name, value] of more) head += `${name}: ${value}\r\n`;
  if (body === null) return Buffer.from(head + endOfHead, "latin1");
  const length = Buffer.byteLength(body);
  head += `Content-Length: ${length}\r\n${endOfHead}`;
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
