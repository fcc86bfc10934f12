/** ResolveAll: every flag of a view, from parts made once per outcome. */

import type { Json, JsonObject } from "../../core/json.ts";
import type { Steps } from "../../core/turns.ts";
import { Derived, once } from "../../evaluation/memo.ts";
import { failed, type Kind, kindOf, type Outcome } from "../../evaluation/outcomes.ts";
import {
  defaultKind,
  type EvaluationContext,
  isFixed,
  type PreparedFlag,
} from "../../evaluation/resolve.ts";
import { writeStruct } from "../../protobuf/struct.ts";
import { WireWriter } from "../../protobuf/writer.ts";
import type { View } from "../../store/view.ts";
import { inBlocks, type OutcomeGroup } from "../answer-blocks.ts";
import { dialects, type MethodName, methodName } from "./dialects.ts";

/** `AnyFlag`, whose value is one of several fields. */
interface AnyFlag {
  readonly reason: string;
  readonly variant: string;
  readonly carrier: Carrier;
  readonly value: Json;
  /** Undefined when the service's flags carry none. */
  readonly metadata: JsonObject | undefined;
}

/** One flag within the answer. */
interface Entry {
  readonly counted: Outcome;
  /** The map entry as it stands in the answer. */
  readonly bytes: Uint8Array;
  /** The same in JSON; made at the first use. */
  readonly json: string;
}

/** Entries that follow one another in an answer. */
interface Block {
  readonly counted: OutcomeGroup;
  readonly entries: readonly Entry[];
  /** Of its entries; made at the first use. */
  bytes?: Uint8Array;
  json?: string;
}

/** What a view answers: if no flag depends on the context, made once. */
interface Entries {
  readonly blocks: readonly Block[];
  /** The whole answer, if it is to be kept. */
  bytes?: Uint8Array;
  json?: Uint8Array;
}

/** How a message is written. */
export type Form = "bytes" | "json";

/** ResolveAll of one version of the service. */
export interface BulkMethod extends MethodName {
  /** The whole answer. */
  answer(
    form: Form,
    view: View,
    context: EvaluationContext,
    recordAll: (group: OutcomeGroup) => void,
  ): Steps<Uint8Array>;
}

/** The field that carries a kind of value. */
interface Carrier {
  readonly name: "boolValue" | "stringValue" | "doubleValue" | "objectValue";
  /** What stands for a value when there is none. */
  readonly zero: Json;
  readonly write: (writer: WireWriter, value: Json) => void;
}

/** How a kind of value is carried. Of several fields one is always written, zero or not. */
const carriers: Partial<{ readonly [kind in Kind]: Carrier }> = {
  boolean: {
    name: "boolValue",
    zero: false,
    write: (writer, value) => writer.bool(3, value as boolean),
  },
  string: {
    name: "stringValue",
    zero: "",
    write: (writer, value) => writer.text(4, value as string),
  },
  number: {
    name: "doubleValue",
    zero: 0,
    write: (writer, value) => writer.double(5, value as number),
  },
  object: {
    name: "objectValue",
    zero: {},
    write: (writer, value) => writer.message(6, () => writeStruct(writer, value as JsonObject)),
  },
};

const writer = new WireWriter();

/** `ResolveAllResponse { map<string, AnyFlag> flags = 1; … }` */
function encodeEntry(key: string, flag: AnyFlag): Uint8Array {
  writer.message(1, () => {
    writer.text(1, key);
    writer.message(2, () => writeAnyFlag(flag));
  });
  return writer.take();
}

/** `AnyFlag { string reason = 1; string variant = 2; oneof value { … } Struct metadata = 7; }` */
function writeAnyFlag({ reason, variant, carrier, value, metadata }: AnyFlag): void {
  if (reason !== "") writer.text(1, reason);
  if (variant !== "") writer.text(2, variant);
  carrier.write(writer, value);
  if (metadata) writer.message(7, () => writeStruct(writer, metadata));
}

/** The ResolveAll methods of all versions that have one. */
export const bulkMethods: readonly BulkMethod[] = dialects
  .filter(({ bulk }) => bulk)
  .map((dialect) => defineMethod(methodName(dialect, "resolveAll")));

function defineMethod(method: MethodName): BulkMethod {
  const { bulkMetadata } = method.dialect;

  /** Of each outcome: its entry, or null if the answer leaves the flag out. */
  const entryOf = once((outcome: Outcome, flag: PreparedFlag): Entry | null => {
    const { key } = flag;
    const result = resultOf(flag, outcome);
    if (result === null) return null;
    const { counted, carrier, value } = result;
    const any: AnyFlag = {
      reason: counted.reason,
      variant: counted.variant ?? "",
      carrier,
      value,
      metadata: bulkMetadata ? counted.metadata : undefined,
    };
    return makeEntry(key, counted, any);
  });

  const fixedEntries = new Derived<View, Entries | null>();

  const blocksOf = inBlocks(
    (flags: readonly PreparedFlag[], outcomes: readonly Outcome[]): Block => {
      const entries: Entry[] = [];
      flags.forEach((flag, i) => {
        const entry = entryOf(outcomes[i] as Outcome, flag);
        if (entry !== null) entries.push(entry);
      });
      return { counted: { outcomes: entries.map(({ counted }) => counted), times: 0 }, entries };
    },
  );

  function* evaluate(view: View, context: EvaluationContext): Steps<Entries> {
    return { blocks: yield* blocksOf(view, context) };
  }

  function* entriesOf(view: View, context: EvaluationContext): Steps<Entries> {
    const made = fixedEntries.get(view);
    if (made) return made;
    if (made === undefined) {
      const fixed = (yield* isFixed(view)) ? yield* evaluate(view, {}) : null;
      fixedEntries.set(view, fixed);
      if (fixed) return fixed;
    }
    return yield* evaluate(view, context);
  }

  /** `ResolveAllResponse { …; Struct metadata = 2; }` */
  function encode(view: View, blocks: readonly Block[]): Uint8Array {
    const parts = blocks.map((block) => {
      block.bytes ??= Buffer.concat(block.entries.map(({ bytes }) => bytes));
      return block.bytes;
    });
    if (bulkMetadata) {
      writer.message(2, () => writeStruct(writer, view.reflection));
      parts.push(writer.take());
    }
    return Buffer.concat(parts);
  }

  function* encodeJson(view: View, blocks: readonly Block[]): Steps<Uint8Array> {
    const parts: string[] = [];
    for (const block of blocks) {
      block.json ??= block.entries.map(({ json }) => json).join(",");
      if (block.json !== "") parts.push(block.json);
      yield;
    }
    const metadata = bulkMetadata ? `,"metadata":${JSON.stringify(view.reflection)}` : "";
    return Buffer.from(`{"flags":{${parts.join(",")}}${metadata}}`);
  }

  return {
    ...method,
    *answer(form, view, context, recordAll) {
      const entries = yield* entriesOf(view, context);
      for (const { counted } of entries.blocks) recordAll(counted);
      entries[form] ??=
        form === "json" ? yield* encodeJson(view, entries.blocks) : encode(view, entries.blocks);
      return entries[form];
    },
  };
}

function makeEntry(key: string, counted: Outcome, flag: AnyFlag): Entry {
  let json: string | undefined;
  return {
    counted,
    bytes: encodeEntry(key, flag),
    get json() {
      json ??= `${JSON.stringify(key)}:${anyFlagJson(flag)}`;
      return json;
    },
  };
}

/** In the order of the fields' numbers. */
function anyFlagJson({ reason, variant, carrier, value, metadata }: AnyFlag): string {
  return JSON.stringify({ reason, variant, [carrier.name]: value, metadata });
}

/**
 * The kind of the default variant decides what an entry carries; without one that can be carried the
 * kind of what targeting selected. null: there is nothing to carry.
 */
function resultOf(flag: PreparedFlag, outcome: Outcome) {
  const { value } = outcome;
  const selected = value === undefined ? undefined : carriers[kindOf(value)];
  const preset = defaultKind(flag);
  const carrier = (preset && carriers[preset]) ?? selected;
  if (carrier === undefined) return null;
  if (value === undefined) return { counted: outcome, carrier, value: carrier.zero };
  if (selected === carrier) return { counted: outcome, carrier, value };
  return { counted: failed(outcome, "TYPE_MISMATCH"), carrier, value: carrier.zero };
}
