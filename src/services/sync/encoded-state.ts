/** What sync clients are told of a view. */
import { create, type JsonObject as ProtobufObject, toBinary } from "@bufbuild/protobuf";
import { memoSlot } from "../../evaluation/outcome.ts";
import type { JsonObject } from "../../flags/model.ts";
import {
  FetchAllFlagsResponseSchema,
  SyncFlagsResponseSchema,
} from "../../gen/flagd/sync/v1/sync_pb.ts";
import type { View } from "../../store/view.ts";
import type { Log } from "../../telemetry/log.ts";
import { frameMessage } from "../../transport/method.ts";
import { Code, RpcError } from "../../transport/rpc-error.ts";
import type { ContextSource } from "../context-source.ts";

/** The largest message that a gRPC client takes if it was not told otherwise. */
const CLIENT_LIMIT = 4 * 1024 * 1024;

const slot = memoSlot();

/** A view and the evaluation context beside it, as bytes that all streams send. */
export class EncodedState {
  /** The framed SyncFlagsResponse. */
  readonly frame: Uint8Array;
  /** The FetchAllFlagsResponse. */
  readonly fetchAnswer: Uint8Array;
  readonly #view: View;

  constructor(
    view: View,
    readonly context: JsonObject,
  ) {
    this.#view = view;
    const flags = toBinary(
      FetchAllFlagsResponseSchema,
      create(FetchAllFlagsResponseSchema, { flagConfiguration: view.syncPayload }),
    );
    const syncContext = context as ProtobufObject;
    const rest = toBinary(
      SyncFlagsResponseSchema,
      create(SyncFlagsResponseSchema, { syncContext }),
    );
    // Both messages have the flags in field 1, and messages one after the other merge into one
    // (protobuf encoding, "Last One Wins").
    this.frame = frameMessage(Buffer.concat([flags, rest]));
    const start = this.frame.length - flags.length - rest.length;
    this.fetchAnswer = this.frame.subarray(start, start + flags.length);
  }

  /** The same as a message, for protocols other than binary gRPC. */
  get message(): { flagConfiguration: string; syncContext: ProtobufObject } {
    return {
      flagConfiguration: this.#view.syncPayload,
      syncContext: this.context as ProtobufObject,
    };
  }
}

/** Encodes each view once, and again only where the evaluation context has changed since. */
export class StateEncoder {
  readonly #context: ContextSource;
  readonly #log: Log;

  constructor(context: ContextSource, log: Log) {
    this.#context = context;
    this.#log = log;
  }

  /** @throws RpcError where the flags or the context cannot be encoded */
  encode(view: View): EncodedState {
    const context = this.#context.current;
    const known = view.memo[slot];
    if (known instanceof EncodedState && known.context === context) return known;
    try {
      const state = new EncodedState(view, context);
      view.memo[slot] = state;
      this.#warnOfSize(state, view);
      return state;
    } catch (error) {
      this.#log.error("the flags cannot be encoded for sync clients", { error: String(error) });
      throw new RpcError("error marshalling flags", Code.DataLoss);
    }
  }

  #warnOfSize({ frame }: EncodedState, { reflection }: View): void {
    if (frame.length <= CLIENT_LIMIT) return;
    this.#log.warn(
      `the flags are a message of ${frame.length} bytes; a client refuses more than ${CLIENT_LIMIT} ` +
        "unless its limit is raised: maxMsgSize of the gRPC source in flagd, the maximum receive " +
        "message size in others",
      { bytes: frame.length, ...reflection },
    );
  }
}
