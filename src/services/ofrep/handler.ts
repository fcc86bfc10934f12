/**
 * The OpenFeature Remote Evaluation Protocol over HTTP/1.1.
 *
 * https://github.com/open-feature/protocol (OpenAPI 0.3.0)
 */
import type { EvaluationContext } from "../../evaluation/flag.ts";
import type { Outcome } from "../../evaluation/outcome.ts";
import { notFound } from "../../evaluation/outcomes.ts";
import { InvalidSelectorError } from "../../store/selector.ts";
import type { Selector, SnapshotSource } from "../../store/view.ts";
import type {
  EvaluationSpan,
  EvaluationTrace,
} from "../../telemetry/tracing/evaluation-tracing.ts";
import { createCors, exposedHeaders } from "../../transport/cors.ts";
import type { CallWatch } from "../../transport/listener.ts";
import { ContextAdditions } from "../context.ts";
import type { ContextSource } from "../context-source.ts";
import { SELECTOR_HEADER, selectorOf } from "../selection.ts";
import { createBodyReader } from "./body.ts";
import { bulkAnswer, matches } from "./bulk.ts";
import { parseContext } from "./context.ts";
import { elementOf } from "./element.ts";
import { eventStreams } from "./events/advertisement.ts";
import { answerEvents } from "./events/answer.ts";
import { namedConfiguration } from "./events/configuration.ts";
import type { OfrepEvents } from "./events/events.ts";
import {
  badRequestPage,
  json,
  methodNotAllowed,
  notFoundPage,
  type Reply,
  redirect,
  refusal,
  respond,
} from "./reply.ts";
import { type Route, routeOf } from "./route.ts";
import { watched } from "./watched.ts";

export interface OfrepOptions extends CallWatch {
  readonly store: SnapshotSource;
  /** Added to every evaluation context, over what the request says. */
  readonly context: ContextSource;
  /** Lower-case request header → context member that its value sets, over all others. */
  readonly contextFromHeader: ReadonlyMap<string, string>;
  /** Allowed origins (`*` wildcards); empty: every origin. */
  readonly corsOrigins: readonly string[];
  /** Bytes; ≤ 0: no limit. */
  readonly maxRequestBody: number;
  /** Milliseconds for a whole request body; 5,000 where not given. */
  readonly bodyTimeoutMs?: number;
  /** Called for every flag evaluated, with the outcome that the caller was told of. */
  readonly record: (outcome: Outcome) => void;
  readonly traceEvaluation?: EvaluationTrace;
  /** Undefined: there are no event streams, and no bulk answer speaks of them. */
  readonly events?: OfrepEvents;
}

/** Calls `keepOpen` where the answer is a stream that may be silent for long. */
export type OfrepHandler = (
  request: Request,
  keepOpen?: () => void,
) => Promise<Response> | undefined;

/** The handler answers every path below `/ofrep/`; undefined: another path. */
export function createOfrepHandler(options: OfrepOptions): OfrepHandler {
  const { store, record, traceEvaluation, events } = options;
  const additions = new ContextAdditions(options.context, options.contextFromHeader);
  const cors = createCors(options.corsOrigins, [...exposedHeaders, "ETag"]);
  const readBody = createBodyReader({
    maxBytes: options.maxRequestBody,
    timeoutMs: options.bodyTimeoutMs ?? 5_000,
  });

  return (request, keepOpen = () => {}) => {
    const route = routeOf(request);
    return route && handle(request, route, keepOpen);
  };

  async function handle(request: Request, route: Route, keepOpen: () => void): Promise<Response> {
    const { headers } = request;
    const origin = headers.get("origin");
    const preflight =
      request.method === "OPTIONS"
        ? cors.preflight({
            method: request.method,
            origin,
            requestMethod: headers.get("access-control-request-method"),
            requestHeaders: headers.get("access-control-request-headers"),
          })
        : undefined;
    if (preflight !== undefined) return respond({ status: 204, headers: preflight, body: null });
    const reply = await watched(options, request, () => answer(request, route));
    if (reply.closed) keepOpen();
    return respond(reply, cors.actual(origin));
  }

  async function answer(request: Request, route: Route): Promise<Reply> {
    if (route.kind === "redirect") return redirect(route.location);
    if (route.kind === "unknown") return notFoundPage;
    if (route.kind === "malformed") return badRequestPage;
    if (route.kind === "events") return events ? answerEvents(events, request) : notFoundPage;
    if (request.method !== "POST") return methodNotAllowed("POST");
    const key = route.kind === "single" ? route.key : undefined;
    const body = await readBody(request);
    if ("refused" in body) return refusal(body.refused, key);
    const context = parseContext(body.text);
    if (context === undefined) return refusal("invalid", key);
    const selector = selectorFrom(request);
    if (typeof selector === "string") return refusal({ selector }, key);
    const named = events && namedConfiguration(request.url);
    if (named) await events.fresh(selector, named);
    additions.apply(context, (name) => request.headers.get(name));
    const reply =
      key === undefined ? all(request, selector, context) : one(request, selector, key, context);
    return { ...reply, requestBytes: body.bytes };
  }

  /** A text says what is wrong with the selector. */
  function selectorFrom(request: Request): Selector | string {
    try {
      return selectorOf(request.headers.get(SELECTOR_HEADER));
    } catch (error) {
      if (error instanceof InvalidSelectorError) return error.message;
      throw error;
    }
  }

  function startSpan(request: Request, name: string): EvaluationSpan | undefined {
    const traceparent = request.headers.get("traceparent");
    return traceEvaluation?.({ name, scope: "jsonEvaluator", kind: "internal", traceparent });
  }

  function one(
    request: Request,
    selector: Selector,
    key: string,
    context: EvaluationContext,
  ): Reply {
    const span = traceEvaluation && startSpan(request, "resolveAnyValue");
    const view = store.snapshot.view(selector);
    const flag = view.flags.get(key);
    const outcome = flag ? (flag.fixed ?? flag.evaluate(context)) : notFound(key, view.reflection);
    const element = elementOf(outcome);
    record(element.counted);
    span?.flag({ key, outcome: element.counted, context });
    return json(element.status, element.json);
  }

  function all(request: Request, selector: Selector, context: EvaluationContext): Reply {
    const span = traceEvaluation && startSpan(request, "resolveAll");
    const streams = events && eventStreams(selector);
    const answer = bulkAnswer(store.snapshot.view(selector), context, streams);
    const { elements, json: text, etag } = answer;
    for (const element of elements) record(element.counted);
    span?.flags(elements.length);
    const condition = request.headers.get("if-none-match");
    if (condition !== null && matches(condition, etag)) {
      return { status: 304, headers: [["ETag", etag]], body: null };
    }
    return json(200, text, [["ETag", etag]]);
  }
}
