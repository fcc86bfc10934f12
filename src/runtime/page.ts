import type { PageRule } from "../config/serving.ts";
import type { Log } from "../core/log.ts";
import { isLoopback } from "../core/tcp-address.ts";
import { createOfrep } from "../services/ofrep/ofrep-service.ts";
import { createPageHandler, PageEvents } from "../services/page/page-handler.ts";
import type { HttpHandler } from "../transport/http-handler.ts";
import type { FlagPipeline } from "./flag-pipeline.ts";

/** The page of the management port. */
export interface Page {
  readonly handler: HttpHandler;
  /** Ends the streams of open pages. */
  shutdown(): void;
}

const maxRequestBody = 1 << 20;

/**
 * Whether the page is served: rules name people, so that it is on by itself only if no other machine can
 * reach it.
 * @param host that the management port is bound to; undefined: all of this machine's
 */
export function pageIsServed(rule: PageRule, host: string | undefined): boolean {
  if (rule !== "auto") return rule === "on";
  return host !== undefined && isLoopback(host);
}

/** Makes the page, each thread its own. */
export function createPage(
  pipeline: FlagPipeline,
  contextFromHeader: ReadonlyMap<string, string>,
  rule: PageRule,
): Page {
  const { store, context } = pipeline;
  const events = new PageEvents(store);
  const ofrep = createOfrep({
    store,
    context,
    contextFromHeader,
    // What is tried is nobody's evaluation.
    record: () => {},
    corsOrigins: [],
    maxRequestBody,
  });
  return {
    handler: createPageHandler({
      layers: () => store.layers,
      events,
      ofrep: ofrep.handler,
      loopbackOnly: rule === "auto",
    }),
    shutdown: () => events.shutdown(),
  };
}

/** Says what is open to whom. */
export function announcePage(log: Log, address: string): void {
  log.info(
    `page at http://${address.replace("[::]", "localhost")}/: shows sources, flags with their rules, changes and clients to whoever reaches this port`,
  );
}
