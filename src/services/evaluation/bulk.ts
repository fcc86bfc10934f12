/** ResolveAll: every flag of a view, from parts made once per outcome. */
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import { defaultKind } from "../../evaluation/bulk.ts";
import type { EvaluationContext, PreparedFlag } from "../../evaluation/flag.ts";
import { type Kind, kindOf } from "../../evaluation/kind.ts";
import { memoSlot, type Outcome } from "../../evaluation/outcome.ts";
import { failed } from "../../evaluation/outcomes.ts";
import type { Json } from "../../flags/model.ts";
import type { View } from "../../store/view.ts";
import { type Dialect, dialects, isUnary } from "./dialects.ts";
import { setMember } from "./struct.ts";

/** One flag within the answer. */
interface Entry {
  readonly key: string;
  readonly counted: Outcome;
  /** AnyFlag */
  readonly message: Message;
  /** The map entry as it stands in the answer. */
  readonly bytes: Uint8Array;
}

/** The answer of a view in which no flag depends on the context. */
interface FixedAnswer {
  readonly entries: readonly Entry[];
  readonly bytes: Uint8Array;
}

export interface BulkMethod {
  readonly dialect: Dialect;
  readonly method: DescMethodUnary;
  readonly path: string;
  encode(view: View, context: EvaluationContext, record: (outcome: Outcome) => void): Uint8Array;
  answer(view: View, context: EvaluationContext, record: (outcome: Outcome) => void): Message;
}

/** How a kind of value is carried, and what stands for it where there is none. */
const carriers: Partial<Record<Kind, { readonly name: string; readonly zero: Json }>> = {
  boolean: { name: "boolValue", zero: false },
  string: { name: "stringValue", zero: "" },
  number: { name: "doubleValue", zero: 0 },
  object: { name: "objectValue", zero: {} },
};

export const bulkMethods: readonly BulkMethod[] = dialects.flatMap((dialect) => {
  const method = dialect.service.method.resolveAll;
  return method && isUnary(method) ? [defineMethod(dialect, method)] : [];
});

function defineMethod(dialect: Dialect, method: DescMethodUnary): BulkMethod {
  const entrySlot = memoSlot();
  const viewSlot = memoSlot();
  const anyFlag = mapValueOf(method.output, "flags");

  /** Of each outcome: its entry, or null where the answer leaves the flag out. */
  function entryOf(flag: PreparedFlag, outcome: Outcome): Entry | null {
    const made = outcome.memo[entrySlot] as Entry | null | undefined;
    if (made !== undefined) return made;
    const entry = makeEntry(flag, outcome);
    outcome.memo[entrySlot] = entry;
    return entry;
  }

  function makeEntry(flag: PreparedFlag, outcome: Outcome): Entry | null {
    const result = resultOf(flag, outcome);
    if (result === null) return null;
    const { counted, carrier, value } = result;
    const message = create(anyFlag, {
      reason: counted.reason,
      variant: counted.variant ?? "",
      value: { case: carrier, value },
      ...(dialect.bulkMetadata && { metadata: counted.metadata }),
    });
    const flags = {};
    setMember(flags, flag.key, message);
    const bytes = toBinary(method.output, create(method.output, { flags }));
    return { key: flag.key, counted, message, bytes };
  }

  function evaluate(view: View, context: EvaluationContext): readonly Entry[] {
    const entries: Entry[] = [];
    for (const flag of view.ordered) {
      const entry = entryOf(flag, flag.fixed ?? flag.evaluate(context));
      if (entry !== null) entries.push(entry);
    }
    return entries;
  }

  function encodeEntries(view: View, entries: readonly Entry[]): Uint8Array {
    const rest = toBinary(method.output, create(method.output, envelope(view)));
    return Buffer.concat([...entries.map((entry) => entry.bytes), rest]);
  }

  const envelope = (view: View) => (dialect.bulkMetadata ? { metadata: view.reflection } : {});

  function fixedAnswer(view: View): FixedAnswer | null {
    const made = view.memo[viewSlot] as FixedAnswer | null | undefined;
    if (made !== undefined) return made;
    let answer: FixedAnswer | null = null;
    if (view.ordered.every((flag) => flag.fixed !== undefined)) {
      const entries = evaluate(view, {});
      answer = { entries, bytes: encodeEntries(view, entries) };
    }
    view.memo[viewSlot] = answer;
    return answer;
  }

  return {
    dialect,
    method,
    path: `/${dialect.service.typeName}/${method.name}`,
    encode(view, context, record) {
      const fixed = fixedAnswer(view);
      const entries = fixed?.entries ?? evaluate(view, context);
      for (const entry of entries) record(entry.counted);
      return fixed?.bytes ?? encodeEntries(view, entries);
    },
    answer(view, context, record) {
      const flags: Record<string, Message> = {};
      for (const entry of fixedAnswer(view)?.entries ?? evaluate(view, context)) {
        record(entry.counted);
        setMember(flags, entry.key, entry.message);
      }
      return create(method.output, { flags, ...envelope(view) });
    },
  };
}

/**
 * The kind of the default variant decides what an entry carries; without a default variant the kind
 * of what targeting selected. null: there is nothing to carry.
 */
function resultOf(flag: PreparedFlag, outcome: Outcome) {
  const { value } = outcome;
  const selected = value === undefined ? undefined : kindOf(value);
  const kind = defaultKind(flag) ?? selected;
  const carrier = kind && carriers[kind];
  if (carrier === undefined) return null;
  const { name, zero } = carrier;
  if (value === undefined) return { counted: outcome, carrier: name, value: zero };
  if (selected === kind) return { counted: outcome, carrier: name, value };
  return { counted: failed(outcome, "TYPE_MISMATCH"), carrier: name, value: zero };
}

function mapValueOf(message: DescMessage, name: string): DescMessage {
  const field = message.field[name];
  if (field?.fieldKind !== "map" || field.mapKind !== "message") {
    throw new TypeError(`${message.typeName} has no map of messages named ${name}`);
  }
  return field.message;
}
