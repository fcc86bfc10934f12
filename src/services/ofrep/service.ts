import type { CallObserver } from "../../core/calls.ts";
import { type Cors, createCors, exposedHeaders } from "../../transport/cors.ts";
import type { PlainAnswer } from "../../transport/http1/plain-connection.ts";
import { createEvaluations, type Evaluate, type EvaluationsOptions } from "./evaluations.ts";
import { createOfrepHandler, type OfrepHandler } from "./handler.ts";
import { KnownRoutes } from "./known-routes.ts";
import { createShortPath } from "./short-path.ts";

export interface OfrepOptions extends EvaluationsOptions, CallObserver {
  /** Allowed origins (`*` wildcards); empty: every origin. */
  readonly corsOrigins: readonly string[];
  /** Bytes; ≤ 0: no limit. */
  readonly maxRequestBody: number;
  /** Milliseconds for a whole request body; 5,000 where not given. */
  readonly bodyTimeoutMs?: number;
}

/** What both ways into the service share. */
export interface OfrepParts {
  readonly routes: KnownRoutes;
  readonly cors: Cors;
  readonly evaluate: Evaluate;
}

/** OFREP by two ways that give the same answers. */
export interface Ofrep {
  readonly handler: OfrepHandler;
  /** Answers requests that are written as nearly all clients write them, from their bytes. */
  readonly shortPath: PlainAnswer;
}

/** Makes the service. */
export function createOfrep(options: OfrepOptions): Ofrep {
  const parts: OfrepParts = {
    routes: new KnownRoutes(),
    cors: createCors(options.corsOrigins, [...exposedHeaders, "ETag"]),
    evaluate: createEvaluations(options),
  };
  return {
    handler: createOfrepHandler(options, parts),
    shortPath: createShortPath(options, parts),
  };
}
