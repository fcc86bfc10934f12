/**
 * The OpenFeature Remote Evaluation Protocol over HTTP/1.1.
 *
 * https://github.com/open-feature/protocol (OpenAPI 0.3.0)
 */
import type { CallObserver } from "../../core/calls.ts";
import { type Cors, createCors, exposedHeaders } from "../../transport/cors.ts";
import type { Guard } from "../../transport/guard.ts";
import {
  type HttpHandler,
  type HttpReply,
  type HttpRequest,
  notFoundPage,
} from "../../transport/http-handler.ts";
import type { FastPath } from "../../transport/http1/response-head.ts";
import { createEvaluations, type Evaluations, type EvaluationsOptions } from "./evaluations.ts";
import { observe } from "./observed-request.ts";
import { answerEvents } from "./ofrep-events.ts";
import { createFastPath } from "./ofrep-fast-path.ts";
import { KnownRoutes, type Route } from "./ofrep-route.ts";
import { badRequestPage, methodNotAllowed, type Reply, redirect, unauthorized } from "./reply.ts";
import { createBodyReader } from "./request-body.ts";

export interface OfrepOptions extends EvaluationsOptions, CallObserver {
  /** Observes the calls that come over TLS; default: as the others. */
  readonly overTls?: CallObserver;
  /** Allowed origins (`*` wildcards); empty: every origin. */
  readonly corsOrigins: readonly string[];
  /** Undefined: everybody may ask. */
  readonly guard?: Guard | undefined;
  /** Bytes; ≤ 0: no limit. */
  readonly maxRequestBody: number;
  /** Milliseconds for a whole request body; 5,000 if not given. */
  readonly bodyTimeoutMs?: number;
}

/** What both ways into the service share. */
export interface OfrepParts {
  readonly routes: KnownRoutes;
  readonly cors: Cors;
  readonly evaluations: Evaluations;
}

/** OFREP by two ways that give the same answers. */
export interface Ofrep {
  readonly handler: HttpHandler;
  /** Answers requests that are written as nearly all clients write them, from their bytes. */
  fastPath(secure: boolean): FastPath;
}

/** Makes the service. */
export function createOfrep(options: OfrepOptions): Ofrep {
  const parts: OfrepParts = {
    routes: new KnownRoutes(),
    cors: createCors(options.corsOrigins, [...exposedHeaders, "ETag", "Retry-After"]),
    evaluations: createEvaluations(options),
  };
  return {
    handler: createOfrepHandler(options, parts),
    fastPath: (secure) => createFastPath(observerOf(options, secure), options, parts),
  };
}

/** Who observes the calls of a connection. */
export function observerOf(options: OfrepOptions, secure: boolean): CallObserver {
  return secure ? (options.overTls ?? options) : options;
}

/** The handler answers every path below `/ofrep/`; undefined: another path. */
export function createOfrepHandler(
  options: OfrepOptions,
  { routes, cors, evaluations }: OfrepParts,
): HttpHandler {
  const { events, guard } = options;
  const readBody = createBodyReader({
    maxBytes: options.maxRequestBody,
    timeoutMs: options.bodyTimeoutMs ?? 5_000,
  });

  return (request) => {
    const route = routes.of(request.target);
    return route && handle(request, route);
  };

  function handle(request: HttpRequest, route: Route): HttpReply | Promise<HttpReply> {
    const { headers, method } = request;
    const { origin } = headers;
    const preflight =
      method === "OPTIONS"
        ? cors.preflight({
            method,
            origin,
            requestMethod: headers["access-control-request-method"],
            requestHeaders: headers["access-control-request-headers"],
          })
        : undefined;
    if (preflight !== undefined) return { status: 204, headers: preflight, body: null };
    const observed = observe(
      observerOf(options, request.secure),
      { method, headers, path: route.path },
      (reply): HttpReply => {
        const { status, headers, body } = reply;
        return { status, headers: [...headers, ...cors.actual(origin)], body };
      },
    );
    const refused = guard?.refusal(route.path, headers, () => request.remoteAddress);
    if (refused) return observed.send(unauthorized(refused));
    return observed.attempt(() => {
      const reply = withoutBody(request, route);
      if (reply !== undefined) return observed.send(reply);
      const key = route.kind === "single" ? route.key : undefined;
      return readBody(request, (body) =>
        observed.attempt(() => {
          if ("bytes" in body) observed.requestBytes = body.bytes;
          return observed.send(evaluations.evaluate(request, key, body));
        }),
      );
    });
  }

  /** undefined: the body says what to answer. */
  function withoutBody(request: HttpRequest, route: Route): Reply | undefined {
    if (route.kind === "redirect") return redirect(route.location);
    if (route.kind === "unknown") return notFoundPage;
    if (route.kind === "malformed") return badRequestPage;
    if (route.kind === "events")
      return events ? answerEvents(events, request, guard) : notFoundPage;
    return request.method === "POST" ? undefined : methodNotAllowed("POST");
  }
}
