import type { JsonObject } from "../../core/json.ts";
import { Code, RpcError } from "../../core/rpc-error.ts";
import type { SnapshotSource } from "../../store/view.ts";
import type { HeaderLookup } from "../context.ts";
import type { ContextSource } from "../context-source.ts";
import type { EncodedState, StateEncoder } from "./encoded-state.ts";
import { type SyncRequest, selectorFrom } from "./request.ts";

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
