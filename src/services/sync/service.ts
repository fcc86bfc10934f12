/**
 * The stream of flag documents for in-process providers and other daemons, by two ways: the short
 * path for gRPC, on which all streams send the same bytes, and Connect's handlers for the rest.
 */

import type { Log } from "../../core/log.ts";
import type { SnapshotSource } from "../../store/view.ts";
import type { SyncClient, SyncStreamMetrics } from "../../telemetry/sync-metrics.ts";
import type { ContextSource } from "../context-source.ts";
import type { RpcService } from "../rpc-service.ts";
import { StateEncoder } from "./encoded-state.ts";
import { fastPath } from "./fast-path.ts";
import { SyncStreams } from "./sync-streams.ts";
import { UnaryCalls } from "./unary-calls.ts";

export interface SyncServiceOptions {
  readonly store: SnapshotSource;
  /** Sent with every state, and as the answer of GetMetadata. */
  readonly context: ContextSource;
  /** No state is sent before; FetchAllFlags answers UNAVAILABLE. */
  readonly whenReady: Promise<void>;
  /** GetMetadata answers UNIMPLEMENTED. */
  readonly metadataDisabled: boolean;
  /** Milliseconds until a stream is ended; ≤ 0: never. */
  readonly streamDeadlineMs: number;
  /** Milliseconds that a reader may make no progress; 30,000 where not given. */
  readonly stallMs?: number;
  readonly log: Log;
  /** Called for every stream opened. */
  readonly measure?: (client: SyncClient) => SyncStreamMetrics;
}

/** Its `shutdown` ends every stream with UNAVAILABLE. */
export function createSyncService(options: SyncServiceOptions): RpcService {
  const encoder = new StateEncoder(options.context, options.log);
  const streams = new SyncStreams(options, encoder);
  const calls = new UnaryCalls(options, encoder);
  const { stallMs = 30_000, measure, log } = options;
  return {
    routes: async () =>
      (await import("./connect-routes.ts")).connectRoutes({ calls, streams, measure }),
    descriptors: async () => (await import("./connect-routes.ts")).services,
    ...fastPath({ calls, streams, measure, stallMs, log }),
    shutdown: () => streams.shutdown(),
  };
}
