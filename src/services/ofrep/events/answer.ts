import type { Guard } from "../../../transport/guard.ts";
import { selectorHeader } from "../../selector-header.ts";
import { eventStream, methodNotAllowed, type Reply, refusal, tooManyStreams } from "../reply.ts";
import type { OfrepRequest } from "../request.ts";
import { isRefusal, readSelector } from "../selector.ts";
import { selectorParameter } from "./advertisement.ts";
import type { OfrepEvents } from "./events.ts";

/** Opens an event stream. The selector is in the query, as the bulk answer gave it, or in the header. */
export function answerEvents(
  events: OfrepEvents,
  request: OfrepRequest,
  guard: Guard | undefined,
): Reply {
  if (request.method !== "GET") return methodNotAllowed("GET");
  const { headers, target } = request;
  const query = target.indexOf("?");
  const parameters = new URLSearchParams(query < 0 ? "" : target.slice(query));
  const selector = readSelector(
    parameters.get(selectorParameter) ?? headers[selectorHeader],
    request,
  );
  if (isRefusal(selector)) return refusal(selector, undefined);
  const stream = events.open(selector, headers["last-event-id"]);
  if (stream === undefined) return tooManyStreams;
  if (guard) void stream.closed.then(guard.hold(headers, () => stream.end()));
  return eventStream(stream);
}
