import type { Log } from "../../core/log.ts";
import type { FastPath, StreamMethod, UnaryMethod } from "../../transport/listener.ts";
import type { HeaderLookup } from "../context-additions.ts";
import { encodeContext } from "./encoded-state.ts";
import { FrameSink } from "./frame-sink.ts";
import { clientOf, decodeSyncRequest, selectorFrom } from "./sync-request.ts";
import type { SyncHandlers } from "./sync-routes.ts";

const service = "/flagd.sync.v1.FlagSyncService";

export interface FastPathOptions extends SyncHandlers {
  /** Milliseconds that a reader of a stream may make no progress. */
  readonly stallMs: number;
  readonly log: Log;
}

/** All methods, from message bytes to message bytes. */
export function fastPath({ calls, streams, measure, stallMs, log }: FastPathOptions): FastPath {
  const fetch: UnaryMethod = {
    path: `${service}/FetchAllFlags`,
    call(message, headers) {
      const request = decodeSyncRequest(message);
      const state = calls.fetchAllFlags(request, (name) => headers[name]);
      if (state instanceof Promise) return state.then(({ fetchAnswer }) => fetchAnswer);
      return state.fetchAnswer;
    },
  };
  const metadata: UnaryMethod = {
    path: `${service}/GetMetadata`,
    call(message) {
      decodeSyncRequest(message);
      return encodeContext(calls.getMetadata());
    },
  };
  const sync: StreamMethod = {
    path: `${service}/SyncFlags`,
    open(message, headers, stream) {
      const request = decodeSyncRequest(message);
      const header: HeaderLookup = (name) => headers[name];
      const selector = selectorFrom(request, header);
      const client = clientOf(request, header);
      const onStall = () => {
        log.warn("sync stream dropped: the client has stopped reading", { ...client, stallMs });
      };
      streams.open(selector, new FrameSink(stream, { stallMs, onStall }), measure?.(client));
    },
  };
  return { unary: [fetch, metadata], streams: [sync] };
}
