import { selectorHeader } from "../../selector-header.ts";
import { eventStream, methodNotAllowed, type Reply, refusal, tooManyStreams } from "../reply.ts";
import type { OfrepRequest } from "../request.ts";
import { readSelector } from "../selector.ts";
import { selectorParameter } from "./advertisement.ts";
import type { OfrepEvents } from "./events.ts";

/** Opens an event stream. The selector is in the query, as the bulk answer gave it, or in the header. */
export function answerEvents(events: OfrepEvents, request: OfrepRequest): Reply {
  if (request.method !== "GET") return methodNotAllowed("GET");
  const { headers, target } = request;
  const query = target.indexOf("?");
  const parameters = new URLSearchParams(query < 0 ? "" : target.slice(query));
  const selector = readSelector(parameters.get(selectorParameter) ?? headers[selectorHeader]);
  if (typeof selector === "string") return refusal({ selector }, undefined);
  const stream = events.open(selector, headers["last-event-id"]);
  return stream ? eventStream(stream) : tooManyStreams;
}
