/** The messages of an event stream. Their wire form is the same in all versions of the service. */

import { type JsonObject, setMember } from "../../core/json.ts";
import { atOnce, inSlices, type Steps } from "../../core/turns.ts";
import { writeStruct } from "../../protobuf/struct.ts";
import { WireWriter } from "../../protobuf/writer.ts";
import type { FlagChanges } from "../../store/view.ts";
import { frameMessage } from "../../transport/grpc/envelope.ts";

const writer = new WireWriter();

/** One message of an event stream. */
export interface ServerEvent {
  readonly type: "provider_ready" | "configuration_change" | "keep_alive" | "provider_shutdown";
  readonly data: JsonObject | undefined;
  /** Encoded at the first use, for all streams. */
  readonly frame: Uint8Array;
}

class PlainEvent implements ServerEvent {
  #frame: Uint8Array | undefined;

  constructor(
    readonly type: ServerEvent["type"],
    readonly data: JsonObject | undefined,
  ) {}

  get frame(): Uint8Array {
    this.#frame ??= frameMessage(this.#encode());
    return this.#frame;
  }

  /** `EventStreamResponse { string type = 1; Struct data = 2; }` */
  #encode(): Uint8Array {
    const { type, data } = this;
    writer.text(1, type);
    if (data) writer.message(2, () => writeStruct(writer, data));
    return writer.take();
  }
}

class ChangeEvent implements ServerEvent {
  readonly type = "configuration_change";
  readonly #changes: FlagChanges;
  #data: JsonObject | undefined;
  #frame: Uint8Array | undefined;

  constructor(changes: FlagChanges) {
    this.#changes = changes;
  }

  get data(): JsonObject {
    this.#data ??= { flags: describe(this.#changes) };
    return this.#data;
  }

  get frame(): Uint8Array {
    this.#frame ??= atOnce(encodeChange(this.#changes));
    return this.#frame;
  }

  async encode(): Promise<void> {
    this.#frame ??= await inSlices(encodeChange(this.#changes));
  }
}

export const providerReady = new PlainEvent("provider_ready", {});
export const keepAlive = new PlainEvent("keep_alive", undefined);
export const providerShutdown = new PlainEvent("provider_shutdown", {});

/** A change of flags, as event streams are told of it. */
export class ConfigurationChange {
  readonly #changes: FlagChanges;
  #event: ChangeEvent | undefined;
  #next: ConfigurationChange | undefined;
  #merged: ConfigurationChange | undefined;

  constructor(changes: FlagChanges) {
    this.#changes = changes;
  }

  get empty(): boolean {
    return this.#changes.size === 0;
  }

  /** Of so many flags that its event is better encoded before it is used. */
  get isLarge(): boolean {
    return this.#changes.size > 1000;
  }

  get event(): ChangeEvent {
    this.#event ??= new ChangeEvent(this.#changes);
    return this.#event;
  }

  /**
   * This change and the next in one, as a reader sees them who saw nothing between. Streams that
   * wait with the same change share the result.
   */
  followedBy(next: ConfigurationChange): ConfigurationChange {
    if (this.#next !== next || this.#merged === undefined) {
      this.#next = next;
      this.#merged = new ConfigurationChange(merge(this.#changes, next.#changes));
    }
    return this.#merged;
  }
}

/**
 * A flag that came and went in between is left out, so there are never more entries than flags
 * before and after.
 */
function merge(earlier: FlagChanges, later: FlagChanges): FlagChanges {
  const merged = new Map(earlier);
  for (const [key, change] of later) {
    const before = earlier.get(key);
    if (before === "write" && change === "delete") merged.delete(key);
    else if (before === "write") merged.set(key, "write");
    else if (before === "delete" && change === "write") merged.set(key, "update");
    else merged.set(key, change);
  }
  return merged;
}

function describe(changes: FlagChanges): JsonObject {
  const flags: Record<string, JsonObject> = {};
  for (const [key, type] of changes) setMember(flags, key, { type });
  return flags;
}

/** Flags between two steps. */
const stepLength = 100;

/**
 * The framed EventStreamResponse of a change, in steps: tens of thousands of flags may be in one.
 *
 * `EventStreamResponse { string type = 1; Struct data = 2; }`
 */
export function* encodeChange(changes: FlagChanges): Steps<Uint8Array> {
  const writer = new WireWriter();
  const parts: Uint8Array[] = [];
  let some: Record<string, JsonObject> = {};
  let count = 0;
  for (const [key, type] of changes) {
    setMember(some, key, { type });
    if (++count % stepLength > 0) continue;
    writeStruct(writer, some);
    parts.push(writer.take());
    some = {};
    yield;
  }
  writeStruct(writer, some);
  parts.push(writer.take());
  // Around these members of a Struct its Value, the member "flags", the Struct `data`, and the message.
  let size = parts.reduce((sum, { length }) => sum + length, 0);
  const enclose = (write: () => void) => {
    write();
    const head = writer.take();
    parts.unshift(head);
    size += head.length;
  };
  enclose(() => writer.head(5, size));
  enclose(() => {
    writer.text(1, "flags");
    writer.head(2, size);
  });
  enclose(() => writer.head(1, size));
  enclose(() => {
    writer.text(1, "configuration_change");
    writer.head(2, size);
  });
  return frameMessage(Buffer.concat(parts));
}
