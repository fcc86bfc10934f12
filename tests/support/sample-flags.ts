/** A flag of every type and one of every kind of targeting, and what clients must get for them. */
export const sampleDocument = {
  metadata: { team: "core" },
  $evaluators: { employee: { ends_with: [{ var: "email" }, "@example.com"] } },
  flags: {
    bool: flag({ on: true, off: false }, "on"),
    text: flag({ a: "alpha", e: "" }, "a"),
    integer: flag({ one: 1, big: 9007199254740991 }, "big"),
    float: flag({ half: 0.5 }, "half"),
    object: flag({ o: { list: [1, "2", null], nested: { x: true } } }, "o"),
    rule: flag({ on: true, off: false }, "off", {
      if: [{ in: [{ var: "plan" }, ["team", "pro"]] }, "on", null],
    }),
    reference: flag({ on: true, off: false }, "off", { if: [{ $ref: "employee" }, "on", "off"] }),
    split: flag({ red: "r", blue: "b", green: "g", yellow: "y" }, "red", {
      fractional: [
        { cat: ["saleBadge", { var: "targetingKey" }] },
        ["red", 25],
        ["blue", 25],
        ["green", 25],
        ["yellow", 25],
      ],
    }),
    version: flag({ new: "new", old: "old" }, "old", {
      if: [{ sem_ver: [{ var: "version" }, ">=", "2.0.0"] }, "new", "old"],
    }),
    prefix: flag({ yes: true, no: false }, "no", {
      if: [{ starts_with: [{ var: "email" }, "ann"] }, "yes", "no"],
    }),
    disabled: { ...flag({ on: true, off: false }, "on"), state: "DISABLED" },
  },
};

function flag(variants: Record<string, unknown>, defaultVariant: string, targeting?: unknown) {
  return {
    state: "ENABLED",
    variants,
    defaultVariant,
    ...(targeting === undefined ? {} : { targeting }),
  };
}

export const sampleContext = {
  targetingKey: "user-1",
  email: "ann@example.com",
  plan: "team",
  version: "2.1.0",
};

export type ValueType = "boolean" | "string" | "integer" | "float" | "object";

export interface Expectation {
  readonly flag: string;
  readonly type: ValueType;
  readonly fallback: unknown;
  readonly value: unknown;
  readonly reason: string;
}

export const expectations: readonly Expectation[] = [
  { flag: "bool", type: "boolean", fallback: false, value: true, reason: "STATIC" },
  { flag: "text", type: "string", fallback: "x", value: "alpha", reason: "STATIC" },
  { flag: "integer", type: "integer", fallback: 0, value: 9007199254740991, reason: "STATIC" },
  { flag: "float", type: "float", fallback: 0, value: 0.5, reason: "STATIC" },
  {
    flag: "object",
    type: "object",
    fallback: {},
    value: { list: [1, "2", null], nested: { x: true } },
    reason: "STATIC",
  },
  { flag: "rule", type: "boolean", fallback: false, value: true, reason: "TARGETING_MATCH" },
  { flag: "reference", type: "boolean", fallback: false, value: true, reason: "TARGETING_MATCH" },
  { flag: "split", type: "string", fallback: "x", value: "y", reason: "TARGETING_MATCH" },
  { flag: "version", type: "string", fallback: "x", value: "new", reason: "TARGETING_MATCH" },
  { flag: "prefix", type: "boolean", fallback: false, value: true, reason: "TARGETING_MATCH" },
  { flag: "disabled", type: "boolean", fallback: false, value: false, reason: "DISABLED" },
  { flag: "missing", type: "boolean", fallback: true, value: true, reason: "ERROR" },
];

/** The same document with `bool` turned off: what a change sends. */
export function changedDocument(): typeof sampleDocument {
  const copy = structuredClone(sampleDocument);
  copy.flags.bool.defaultVariant = "off";
  return copy;
}
