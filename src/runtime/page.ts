import type { PageRule } from "../config/serving.ts";
import type { Log } from "../core/log.ts";
import { isLoopback } from "../core/tcp-address.ts";
import type { FractionalVersion } from "../evaluation/operators/fractional/fractional.ts";
import { ContextAdditions } from "../services/context-additions.ts";
import { createOfrep } from "../services/ofrep/ofrep-service.ts";
import { createPageHandler, maxBodyBytes, PageEvents } from "../services/page/page-handler.ts";
import type { Guard } from "../transport/guard.ts";
import type { HttpHandler } from "../transport/http-handler.ts";
import type { FlagPipeline } from "./flag-pipeline.ts";

/** The page of the management port. */
export interface Page {
  /** @param guard undefined: everybody may look */
  readonly handler: (guard: Guard | undefined) => HttpHandler;
  /** Ends the streams of open pages. */
  shutdown(): void;
}

/**
 * Whether the page is served: rules name people, so that it is on by itself only if no other machine can
 * reach it, or if it asks for a token.
 * @param host that the management port is bound to; undefined: all of this machine's
 */
export function pageIsServed(
  rule: PageRule,
  host: string | undefined,
  tokensPath: string | undefined,
): boolean {
  if (rule !== "auto") return rule === "on";
  return tokensPath !== undefined || (host !== undefined && isLoopback(host));
}

/** Makes the page, each thread its own. */
export function createPage(
  pipeline: FlagPipeline,
  config: {
    readonly page: PageRule;
    readonly contextFromHeader?: ReadonlyMap<string, string>;
    readonly fractional?: FractionalVersion;
    readonly tokensPath: string | undefined;
  },
  /** What `/status` answers. */
  status: () => Promise<string>,
): Page {
  const { page, contextFromHeader = new Map(), fractional = "v2", tokensPath } = config;
  const { store, context } = pipeline;
  const events = new PageEvents(store);
  const ofrep = createOfrep({
    store,
    context,
    contextFromHeader,
    // What is tried is nobody's evaluation.
    record: () => {},
    corsOrigins: [],
    maxRequestBody: maxBodyBytes,
  });
  return {
    handler: (guard) =>
      createPageHandler({
        layers: () => store.layers,
        additions: new ContextAdditions(context, contextFromHeader),
        fractional,
        events,
        ofrep: ofrep.handler,
        status,
        loopbackOnly: page === "auto" && tokensPath === undefined,
        guard,
      }),
    shutdown: () => events.shutdown(),
  };
}

/** Says what is open to whom. */
export function announcePage(log: Log, address: string, tokensPath: string | undefined): void {
  const whom =
    tokensPath === undefined
      ? "whoever reaches this port"
      : "who has a token for the surface “page”";
  log.info(
    `page at http://${address.replace("[::]", "localhost")}/: shows sources, flags with their rules, changes and clients to ${whom}`,
  );
}
