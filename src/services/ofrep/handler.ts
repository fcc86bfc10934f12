/**
 * The OpenFeature Remote Evaluation Protocol over HTTP/1.1.
 *
 * https://github.com/open-feature/protocol (OpenAPI 0.3.0)
 */
import {
  type HttpHandler,
  type HttpReply,
  type HttpRequest,
  notFoundPage,
} from "../../transport/http-handler.ts";
import { createBodyReader } from "./body.ts";
import { answerEvents } from "./events/answer.ts";
import { observe } from "./observed.ts";
import { badRequestPage, methodNotAllowed, type Reply, redirect, unauthorized } from "./reply.ts";
import type { Route } from "./route.ts";
import { type OfrepOptions, type OfrepParts, observerOf } from "./service.ts";

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
        observed.attempt(() => evaluations.evaluate(request, key, body, observed)),
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
