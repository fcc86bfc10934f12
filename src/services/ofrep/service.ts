import type { CallObserver } from "../../core/calls.ts";
import { type Cors, createCors, exposedHeaders } from "../../transport/cors.ts";
import type { Guard } from "../../transport/guard.ts";
import type { HttpHandler } from "../../transport/http-handler.ts";
import type { FastPath } from "../../transport/http1/response-head.ts";
import { createEvaluations, type Evaluations, type EvaluationsOptions } from "./evaluations.ts";
import { createFastPath } from "./fast-path.ts";
import { createOfrepHandler } from "./handler.ts";
import { KnownRoutes } from "./route.ts";

export interface OfrepOptions extends EvaluationsOptions, CallObserver {
  /** Observes the calls that come over TLS; default: as the others. */
  readonly overTls?: CallObserver;
  /** Allowed origins (`*` wildcards); empty: every origin. */
  readonly corsOrigins: readonly string[];
  /** Undefined: everybody may ask. */
  readonly guard?: Guard | undefined;
  /** Bytes; ≤ 0: no limit. */
  readonly maxRequestBody: number;
  /** Milliseconds for a whole request body; 5,000 where not given. */
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
    cors: createCors(options.corsOrigins, [...exposedHeaders, "ETag"]),
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
