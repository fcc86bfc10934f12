/** What sync clients are told of a view. */

import { Code, RpcError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import { atOnce, inSlices, type Steps } from "../../core/turns.ts";
import { Derived } from "../../evaluation/memo.ts";
import { writeStruct } from "../../protobuf/struct.ts";
import { WireWriter } from "../../protobuf/writer.ts";
import type { View } from "../../store/view.ts";
import { envelopeBytes, writeEnvelope } from "../../transport/grpc/envelope.ts";
import type { ContextSource } from "../context-additions.ts";

/** The largest message that a gRPC client takes if it was not told otherwise. */
const clientLimitBytes = 4 * 1024 * 1024;

/** Bytes copied without interruption. */
const copyBytes = 256 * 1024;

const writer = new WireWriter();

/** A view and the evaluation context beside it, as bytes that all streams send. */
export class EncodedState {
  readonly #view: View;

  private constructor(
    view: View,
    readonly context: JsonObject,
    /** The framed SyncFlagsResponse. */
    readonly frame: Uint8Array,
    /** The FetchAllFlagsResponse. */
    readonly fetchAnswer: Uint8Array,
  ) {
    this.#view = view;
  }

  static *of(view: View, context: JsonObject): Steps<EncodedState> {
    const parts = yield* view.syncParts();
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    // Both messages have the flags in field 1, and messages one after the other merge into one
    // (protobuf encoding, "Last One Wins").
    const head = flagsPrefix(size);
    const rest = encodeContext(context);
    const flagsSize = head.length + size;
    const frame = new Uint8Array(envelopeBytes + flagsSize + rest.length);
    writeEnvelope(frame, flagsSize + rest.length);
    let end = envelopeBytes;
    for (const part of [head, ...parts, rest]) {
      for (let start = 0; start < part.length; start += copyBytes) {
        const piece = part.subarray(start, start + copyBytes);
        frame.set(piece, end);
        end += piece.length;
        yield;
      }
    }
    const fetchAnswer = frame.subarray(envelopeBytes, envelopeBytes + flagsSize);
    return new EncodedState(view, context, frame, fetchAnswer);
  }

  /** The same as a message, for protocols other than binary gRPC. */
  get message(): { flagConfiguration: string; syncContext: JsonObject } {
    return { flagConfiguration: this.#view.syncPayload, syncContext: this.context };
  }
}

const lastState = new Derived<View, EncodedState>();

interface Pending {
  readonly context: JsonObject;
  readonly encoding: Promise<EncodedState>;
}

/** Encodes each view once, and again only when the evaluation context has changed since. */
export class StateEncoder {
  readonly #context: ContextSource;
  readonly #log: Log;
  readonly #pending = new WeakMap<View, Pending>();

  constructor(context: ContextSource, log: Log) {
    this.#context = context;
    this.#log = log;
  }

  /** @throws RpcError when the flags or the context cannot be encoded */
  encode(view: View): EncodedState {
    const context = this.#context.current;
    const known = this.#known(view, context);
    if (known) return known;
    try {
      return this.#keep(view, atOnce(EncodedState.of(view, context)));
    } catch (error) {
      this.#log.error("the flags cannot be encoded for sync clients", { error: String(error) });
      throw new RpcError("error marshalling flags", Code.DataLoss);
    }
  }

  /** The same, in turns of the event loop if it is large. */
  state(view: View): EncodedState | Promise<EncodedState> {
    if (!view.isLarge || this.#known(view, this.#context.current)) return this.encode(view);
    return this.#inSlices(view).catch(() => this.encode(view));
  }

  /**
   * Calls `then` when a view is encoded: at once unless it is large. What it is given returns the
   * state, or throws as `encode` does.
   */
  soon(view: View, then: (encoded: () => EncodedState) => void): void {
    const here = () => this.encode(view);
    if (!view.isLarge || this.#known(view, this.#context.current)) then(here);
    else {
      this.#inSlices(view).then(
        (state) => then(() => state),
        () => then(here),
      );
    }
  }

  /** For all who wait for the same view. */
  #inSlices(view: View): Promise<EncodedState> {
    const context = this.#context.current;
    const known = this.#pending.get(view);
    if (known?.context === context) return known.encoding;
    const encoding = inSlices(EncodedState.of(view, context)).then((state) =>
      this.#keep(view, state),
    );
    this.#pending.set(view, { context, encoding });
    return encoding;
  }

  #known(view: View, context: JsonObject): EncodedState | undefined {
    const known = lastState.get(view);
    return known?.context === context ? known : undefined;
  }

  #keep(view: View, state: EncodedState): EncodedState {
    lastState.set(view, state);
    this.#warnOfSize(state, view);
    return state;
  }

  #warnOfSize({ frame }: EncodedState, { reflection }: View): void {
    if (frame.length <= clientLimitBytes) return;
    this.#log.warn(
      `the flags are a message of ${frame.length} bytes; clients reject more than ${clientLimitBytes} ` +
        "unless their limit is raised: maxMsgSize of the gRPC source in flagd, the maximum receive " +
        "message size in others",
      { bytes: frame.length, ...reflection },
    );
  }
}

/** What precedes the `flag_configuration`, field 1 of both responses, of so many bytes. */
function flagsPrefix(size: number): Uint8Array {
  writer.head(1, size);
  return writer.take();
}

/** The Struct in field 2: of `SyncFlagsResponse` its `sync_context`, of `GetMetadataResponse` the metadata. */
export function encodeContext(context: JsonObject): Uint8Array {
  writer.message(2, () => writeStruct(writer, context));
  return writer.take();
}
