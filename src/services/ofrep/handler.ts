/**
 * The OpenFeature Remote Evaluation Protocol over HTTP/1.1.
 *
 * https://github.com/open-feature/protocol (OpenAPI 0.3.0)
 */
import type { EvaluationContext } from "../../evaluation/flag.ts";
import type { Outcome } from "../../evaluation/outcome.ts";
import { notFound } from "../../evaluation/outcomes.ts";
import { InvalidSelectorError } from "../../store/selector.ts";
import type { SnapshotSource, View } from "../../store/view.ts";
import type {
  EvaluationSpan,
  EvaluationTrace,
} from "../../telemetry/tracing/evaluation-tracing.ts";
import { createCors, exposedHeaders } from "../../transport/cors.ts";
import type { CallRecord, CallWatch } from "../../transport/listener.ts";
import { requestPath } from "../../transport/request-path.ts";
import { ContextAdditions } from "../context.ts";
import type { ContextSource } from "../context-source.ts";
import { SELECTOR_HEADER, selectorOf } from "../selection.ts";
import { createBodyReader } from "./body.ts";
import { bulkAnswer, matches } from "./bulk.ts";
import { parseContext } from "./context.ts";
import { elementOf } from "./element.ts";
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
}

export type OfrepHandler = (request: Request) => Promise<Response> | undefined;

/** The handler answers every path below `/ofrep/`; undefined: another path. */
export function createOfrepHandler(options: OfrepOptions): OfrepHandler {
  const { store, record, onCall, onOpen, trace, traceEvaluation } = options;
  const additions = new ContextAdditions(options.context, options.contextFromHeader);
  const cors = createCors(options.corsOrigins, [...exposedHeaders, "ETag"]);
  const readBody = createBodyReader({
    maxBytes: options.maxRequestBody,
    timeoutMs: options.bodyTimeoutMs ?? 5_000,
  });

  return (request) => {
    const route = routeOf(request);
    return route && handle(request, route);
  };

  async function handle(request: Request, route: Route): Promise<Response> {
    const { headers } = request;
    const origin = headers.get("origin");
    const preflight = cors.preflight({
      method: request.method,
      origin,
      requestMethod: headers.get("access-control-request-method"),
      requestHeaders: headers.get("access-control-request-headers"),
    });
    if (preflight !== undefined) return respond({ status: 204, headers: preflight, body: null });
    return respond(await watched(request, () => answer(request, route)), cors.actual(origin));
  }

  async function watched(request: Request, make: () => Promise<Reply>): Promise<Reply> {
    const { method: httpMethod, headers } = request;
    const path = requestPath(request);
    const span = trace?.({
      path,
      protocol: "http",
      httpMethod,
      header: (name) => headers.get(name) ?? undefined,
      setHeader: (name, value) => headers.set(name, value),
    });
    const started = performance.now();
    let call: CallRecord | undefined;
    onOpen?.(httpMethod, path, 1);
    try {
      const reply = await make();
      call = callRecord(path, httpMethod, reply, performance.now() - started);
      onCall?.(call);
      return reply;
    } finally {
      onOpen?.(httpMethod, path, -1);
      span?.end(call);
    }
  }

  async function answer(request: Request, route: Route): Promise<Reply> {
    if (route.kind === "redirect") return redirect(route.location);
    if (route.kind === "unknown") return notFoundPage;
    if (route.kind === "malformed") return badRequestPage;
    if (request.method !== "POST") return methodNotAllowed;
    const key = route.kind === "single" ? route.key : undefined;
    const body = await readBody(request);
    if ("refused" in body) return refusal(body.refused, key);
    const context = parseContext(body.text);
    if (context === undefined) return refusal("invalid", key);
    const view = viewFor(request);
    if (typeof view === "string") return refusal({ selector: view }, key);
    additions.apply(context, (name) => request.headers.get(name));
    const reply =
      key === undefined ? all(request, view, context) : one(request, view, key, context);
    return { ...reply, requestBytes: body.bytes };
  }

  /** A text says what is wrong with the selector. */
  function viewFor(request: Request): View | string {
    try {
      return store.snapshot.view(selectorOf(request.headers.get(SELECTOR_HEADER)));
    } catch (error) {
      if (error instanceof InvalidSelectorError) return error.message;
      throw error;
    }
  }

  function startSpan(request: Request, name: string): EvaluationSpan | undefined {
    const traceparent = request.headers.get("traceparent");
    return traceEvaluation?.({ name, scope: "jsonEvaluator", kind: "internal", traceparent });
  }

  function one(request: Request, view: View, key: string, context: EvaluationContext): Reply {
    const span = traceEvaluation && startSpan(request, "resolveAnyValue");
    const flag = view.flags.get(key);
    const outcome = flag ? (flag.fixed ?? flag.evaluate(context)) : notFound(key, view.reflection);
    const element = elementOf(outcome);
    record(element.counted);
    span?.flag(key, element.counted);
    return json(element.status, element.json);
  }

  function all(request: Request, view: View, context: EvaluationContext): Reply {
    const span = traceEvaluation && startSpan(request, "resolveAll");
    const { elements, json: text, etag } = bulkAnswer(view, context);
    for (const element of elements) record(element.counted);
    span?.flags(elements.length);
    const condition = request.headers.get("if-none-match");
    if (condition !== null && matches(condition, etag)) {
      return { status: 304, headers: [["ETag", etag]], body: null };
    }
    return json(200, text, [["ETag", etag]]);
  }
}

function callRecord(
  path: string,
  httpMethod: string,
  reply: Reply,
  milliseconds: number,
): CallRecord {
  return {
    path,
    protocol: "http",
    httpMethod,
    httpStatus: reply.status,
    code: undefined,
    milliseconds,
    requestBytes: reply.requestBytes ?? 0,
    responseBytes: Buffer.byteLength(reply.body ?? ""),
  };
}
