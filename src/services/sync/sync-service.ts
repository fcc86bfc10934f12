/**
 * The stream of flag documents for in-process providers and other daemons, by two ways: the fast
 * path for gRPC, on which all streams send the same bytes, and Connect's handlers for the rest.
 */

import { Code, RpcError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import type { SnapshotSource } from "../../store/view.ts";
import type { SyncClient, SyncStreamMetrics } from "../../telemetry/stream-metrics.ts";
import type { ContextSource, HeaderLookup } from "../context-additions.ts";
import type { RpcService } from "../rpc-service.ts";
import { type EncodedState, StateEncoder } from "./encoded-state.ts";
import { fastPath } from "./sync-fast-path.ts";
import { type SyncRequest, selectorFrom } from "./sync-request.ts";
import { SyncStreams } from "./sync-streams.ts";

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
  /** Milliseconds that a reader may make no progress; 30,000 if not given. */
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
      (await import("./sync-routes.ts")).connectRoutes({ calls, streams, measure }),
    descriptors: async () => (await import("./sync-routes.ts")).services,
    ...fastPath({ calls, streams, measure, stallMs, log }),
    shutdown: () => streams.shutdown(),
  };
}

export interface UnaryCallsOptions {
  readonly store: SnapshotSource;
  readonly context: ContextSource;
  readonly whenReady: Promise<void>;
  readonly metadataDisabled: boolean;
}

/** What both ways into the service answer to the methods that are no streams. */
export class UnaryCalls {
  readonly #options: UnaryCallsOptions;
  readonly #encoder: StateEncoder;
  #ready = false;

  constructor(options: UnaryCallsOptions, encoder: StateEncoder) {
    this.#options = options;
    this.#encoder = encoder;
    void options.whenReady.then(() => {
      this.#ready = true;
    });
  }

  /** @throws RpcError when the selector is invalid or the sources have not delivered yet */
  fetchAllFlags(request: SyncRequest, header: HeaderLookup): EncodedState | Promise<EncodedState> {
    const selector = selectorFrom(request, header);
    if (!this.#ready) {
      throw new RpcError("not every source has delivered flags yet", Code.Unavailable);
    }
    return this.#encoder.state(this.#options.store.snapshot.view(selector));
  }

  /** @throws RpcError when it is turned off */
  getMetadata(): JsonObject {
    if (this.#options.metadataDisabled) {
      throw new RpcError("metadata endpoint disabled", Code.Unimplemented);
    }
    return this.#options.context.current;
  }
}
