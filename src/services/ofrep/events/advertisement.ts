import type { Selector } from "../../../store/view.ts";
import { eventsPath } from "../paths.ts";

/** The query parameter of the selector: browsers open event streams without headers of ours. */
export const selectorParameter = "selector";

/** After this time in the background a client should close its stream. The protocol's default. */
const inactivityDelaySec = 120;

/** What a bulk answer says of the stream that tells of its changes. */
export function eventStreams(selector: Selector): string {
  const requestUri = `${eventsPath}${query(selector)}`;
  return JSON.stringify([{ type: "sse", endpoint: { requestUri }, inactivityDelaySec }]);
}

function query({ flagSetId, source }: Selector): string {
  const expression =
    flagSetId === undefined
      ? source === undefined
        ? undefined
        : `source=${source}`
      : `flagSetId=${flagSetId}`;
  if (expression === undefined) return "";
  return `?${new URLSearchParams({ [selectorParameter]: expression.toWellFormed() })}`;
}
