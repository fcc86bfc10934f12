import type { CallObserver } from "../../core/calls.ts";
import { Call } from "../../transport/call.ts";
import {
  type AnswerForm,
  KeptAnswers,
  type WholeAnswer,
  wholeAnswer,
} from "../../transport/http1/kept-answers.ts";
import { type FastPath, headEnd, statusLine } from "../../transport/http1/response-head.ts";
import { defaultTimeouts } from "../../transport/limits.ts";
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
  const endOfHead = headEnd(defaultTimeouts.keepAliveMs);
  const isPlain = lastTrue((target) => plainTarget.test(target));
  const kept = new KeptAnswers();

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
    const call = new Call(observer, route.path, "http", "POST", headers);
    const key = route.kind === "single" ? route.key : undefined;
    let answer: WholeAnswer;
    try {
      const read = { text: decoder.decode(body), bytes: body.length };
      const reply = evaluations.evaluate(request, key, read);
      // Only a query can name a configuration that has to be waited for.
      if (reply instanceof Promise) throw new TypeError("an answer that takes long");
      const form = { end: endOfHead(last), cors: cors.actual(headers.origin), type: "" };
      const make = () => encode(reply, form);
      answer = key === undefined ? make() : kept.get(reply, form, make);
      call.requestBytes = body.length;
      call.responseBytes = answer.bodyBytes;
      call.finish(reply.status, undefined);
    } catch {
      // The handler fails as well, and has words for it.
      call.abandon();
      return undefined;
    }
    return answer.bytes;
  };
}

function encode({ status, headers, body }: Reply, { end, cors = [] }: AnswerForm): WholeAnswer {
  if (body instanceof ReadableStream) throw new TypeError("a stream is no plain answer");
  let head = statusLine(status);
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  for (const [name, value] of cors) head += `${name}: ${value}\r\n`;
  if (body === null) return wholeAnswer(head + end);
  const content = typeof body === "string" ? Buffer.from(body) : body;
  return wholeAnswer(`${head}Content-Length: ${content.length}\r\n${end}`, content);
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
