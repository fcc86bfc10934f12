/**
 * One table of flags, contexts and expectations for every provider. What stands here is what Go flagd
 * answers; if a provider is known to get something else from any daemon, `differs` says what and why.
 */
export type ValueType = "boolean" | "string" | "integer" | "float" | "object";

export interface Expected {
  readonly value: unknown;
  readonly reason: string;
  readonly variant?: string | undefined;
  readonly errorCode?: string | undefined;
}

export interface Case {
  readonly flag: string;
  readonly type: ValueType;
  readonly fallback: unknown;
  /** Over the context that all have in common. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly expected: Expected;
}

export const commonContext = {
  targetingKey: "user-1",
  email: "ann@example.com",
  plan: "team",
  version: "2.1.0",
  age: 42,
  ratio: 0.25,
  beta: true,
};

type Definition = Readonly<Record<string, unknown>>;
const flags: Record<string, Definition> = {};
export const cases: Case[] = [];
/** Of every provider; `switch` is changed while they run. */
export const flagDocument = { metadata: { team: "core" }, flags };

const fallbacks: Record<ValueType, unknown> = {
  boolean: false,
  string: "fallback",
  integer: -7,
  float: -7.5,
  object: { fallback: true },
};

function typeOf(value: unknown): ValueType {
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "string";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "float";
  return "object";
}

function constant(value: unknown): Definition {
  return { state: "ENABLED", variants: { only: value }, defaultVariant: "only" };
}

/** A flag without targeting, and the case that reads it. */
function plain(flag: string, value: unknown, type = typeOf(value)): void {
  flags[flag] = constant(value);
  const expected = { value, reason: "STATIC", variant: "only" };
  cases.push({ flag, type, fallback: fallbacks[type], expected });
}

/** A rule whose result is compared with what variant it picks, for one context or several. */
function rule(
  flag: string,
  targeting: unknown,
  ...expectations: [variant: string | null, context?: Record<string, unknown>][]
): void {
  const variants = { a: "value a", b: "value b", c: "value c", true: "truth", false: "falsehood" };
  flags[flag] = { state: "ENABLED", variants, defaultVariant: "c", targeting };
  for (const [variant, context] of expectations) {
    const picked = (variant ?? "c") as keyof typeof variants;
    const reason = variant === null ? "DEFAULT" : "TARGETING_MATCH";
    const expected = { value: variants[picked], variant: picked, reason };
    cases.push({
      flag,
      type: "string",
      fallback: "fallback",
      ...(context && { context }),
      expected,
    });
  }
}

/** A case that ends in an error and gives the caller's fallback. */
function fails(
  flag: string,
  type: ValueType,
  errorCode: string,
  definition?: Definition,
  context?: Record<string, unknown>,
): void {
  if (definition) flags[flag] = definition;
  const fallback = fallbacks[type];
  const expected = { value: fallback, reason: "ERROR", errorCode };
  cases.push({ flag, type, fallback, ...(context && { context }), expected });
}

const v = (name: string) => ({ var: name });
const either = (condition: unknown) => ({ if: [condition, "a", "b"] });
const twoStates = { on: true, off: false };

plain("bool-true", true);
plain("bool-false", false);
plain("text", "plain text");
plain("text-empty", "");
plain("text-unicode", "grün 東京 🚀");
plain("text-markup", '<b>&amp;</b> "quoted" \\ \n');
plain("integer", 42);
plain("integer-zero", 0);
plain("integer-negative", -123456);
plain("integer-31-bits", 2147483647);
plain("integer-53-bits", 9007199254740991);
plain("float", 0.1);
plain("float-zero", 0, "float");
plain("float-negative", -1234.5678);
plain("float-large", 1e21, "float");
plain("float-small", 1.5e-7);
plain("float-whole", 3, "float");
plain("object", { name: "x", size: 3, ratio: 0.5, on: true, none: null });
plain("object-empty", {});
plain("object-nested", { a: { b: { c: ["x", 1, [true, null], { d: "e" }] } } });

rule("equal", either({ "==": [v("plan"), "team"] }), ["a"], ["b", { plan: "free" }]);
rule("unequal", either({ "!=": [v("plan"), "team"] }), ["b"], ["a", { plan: "free" }]);
rule("strictly-equal", either({ "===": [v("age"), 42] }), ["a"], ["b", { age: "42" }]);
rule("strictly-unequal", either({ "!==": [v("plan"), "team"] }), ["b"], ["a", { plan: "x" }]);
rule("greater", either({ ">": [v("age"), 18] }), ["a"], ["b", { age: 18 }]);
rule("at-least", either({ ">=": [v("age"), 18] }), ["a"], ["a", { age: 18 }], ["b", { age: 17 }]);
rule("less", either({ "<": [v("ratio"), 0.5] }), ["a"], ["b", { ratio: 0.5 }]);
rule("at-most", either({ "<=": [v("ratio"), 0.5] }), ["a", { ratio: 0.5 }], ["b", { ratio: 0.51 }]);
rule("between", either({ "<": [18, v("age"), 65] }), ["a"], ["b", { age: 65 }]);
rule("not", either({ "!": [v("beta")] }), ["b"], ["a", { beta: false }]);
rule("truthy", either({ "!!": [v("email")] }), ["a"], ["b", { email: "" }]);
rule(
  "and",
  either({ and: [v("beta"), { "==": [v("plan"), "team"] }] }),
  ["a"],
  ["b", { beta: false }],
);
rule(
  "or",
  either({ or: [{ "==": [v("plan"), "pro"] }, v("beta")] }),
  ["a"],
  ["b", { beta: false }],
);
rule("in-list", either({ in: [v("plan"), ["team", "pro"]] }), ["a"], ["b", { plan: "free" }]);
rule("in-text", either({ in: ["@example.com", v("email")] }), ["a"], ["b", { email: "ann@x.org" }]);
rule("cat", either({ "==": [{ cat: [v("plan"), "-", v("version")] }, "team-2.1.0"] }), ["a"]);
rule(
  "substr",
  either({ "==": [{ substr: [v("version"), 0, 1] }, "2"] }),
  ["a"],
  ["b", { version: "1.0" }],
);
rule("plus", either({ "==": [{ "+": [v("age"), 8] }, 50] }), ["a"], ["b", { age: 1 }]);
rule("modulo", either({ "==": [{ "%": [v("age"), 2] }, 0] }), ["a"], ["b", { age: 41 }]);
rule("max", either({ "==": [{ max: [v("age"), 50] }, 50] }), ["a"], ["b", { age: 51 }]);
rule("some", either({ some: [[1, 2, 3], { ">": [v(""), 2] }] }), ["a"]);
rule("all", either({ all: [[1, 2, 3], { ">": [v(""), 1] }] }), ["b"]);
rule("map-in", either({ in: [4, { map: [[1, 2, 3], { "*": [v(""), 2] }] }] }), ["a"]);
rule(
  "missing",
  either({ in: ["phone", { missing: ["email", "phone"] }] }),
  ["a"],
  ["b", { phone: "1" }],
);
rule(
  "variable-default",
  either({ "==": [{ var: ["region", "eu"] }, "eu"] }),
  ["a"],
  ["b", { region: "us" }],
);
rule(
  "chain",
  { if: [{ "==": [v("plan"), "pro"] }, "a", v("beta"), "b", "c"] },
  ["b"],
  ["a", { plan: "pro" }],
);
rule("no-match", { if: [{ "==": [v("plan"), "pro"] }, "a"] }, [null], ["a", { plan: "pro" }]);
rule("null-result", { if: [v("beta"), null, "a"] }, [null], ["a", { beta: false }]);
rule("boolean-result", { "==": [v("plan"), "team"] }, ["true"], ["false", { plan: "free" }]);
rule("flag-key", either({ "==": [v("$flagd.flagKey"), "flag-key"] }), ["a"]);
rule("timestamp", either({ ">": [v("$flagd.timestamp"), 1700000000] }), ["a"]);
rule(
  "targeting-key",
  either({ "==": [v("targetingKey"), "user-1"] }),
  ["a"],
  ["b", { targetingKey: "user-2" }],
);
rule("starts-with", either({ starts_with: [v("email"), "ann"] }), ["a"], ["b", { email: "bob@x" }]);
rule(
  "ends-with",
  either({ ends_with: [v("email"), "example.com"] }),
  ["a"],
  ["b", { email: "ann@example.org" }],
);
const versions: [string, string, string, string][] = [
  ["equal", "=", "2.1.0", "2.1.1"],
  ["unequal", "!=", "2.1.1", "2.1.0"],
  ["less", "<", "2.0.9", "2.1.0"],
  ["at-most", "<=", "2.1.0", "2.1.1"],
  ["greater", ">", "2.1.1", "2.1.0"],
  ["at-least", ">=", "2.1.0", "2.1.0-rc.1"],
  ["same-major", "^", "2.9.9", "3.0.0"],
  ["same-minor", "~", "2.1.9", "2.2.0"],
];
for (const [name, operator, yes, no] of versions) {
  rule(
    `version-${name}`,
    either({ sem_ver: [v("version"), operator, "2.1.0"] }),
    ["a", { version: yes }],
    ["b", { version: no }],
  );
}
const halves = [
  ["a", 50],
  ["b", 50],
];
rule(
  "split",
  { fractional: halves },
  ["b"],
  ["a", { targetingKey: "user-3" }],
  ["a", { targetingKey: "user-5" }],
);
rule(
  "split-by-mail",
  { fractional: [{ cat: [v("$flagd.flagKey"), v("email")] }, ["a", 25], ["b", 25], ["c", 50]] },
  ["c"],
  ["a", { email: "bob@example.com" }],
);
rule("split-even", { fractional: [["a"], ["b"], ["c"]] }, ["b"], ["c", { targetingKey: "user-3" }]);
rule(
  "split-in-rule",
  { if: [{ "==": [v("plan"), "team"] }, { fractional: halves }, "c"] },
  ["b"],
  ["a", { targetingKey: "user-2" }],
);

fails("absent", "boolean", "FLAG_NOT_FOUND");
fails("absent", "string", "FLAG_NOT_FOUND");
fails("absent", "integer", "FLAG_NOT_FOUND");
fails("absent", "float", "FLAG_NOT_FOUND");
fails("absent", "object", "FLAG_NOT_FOUND");
// Flags of their own: some providers answer from a cache whatever the type.
fails("bool-as-text", "string", "TYPE_MISMATCH", constant(true));
fails("bool-as-object", "object", "TYPE_MISMATCH", constant(true));
fails("text-as-bool", "boolean", "TYPE_MISMATCH", constant("text"));
fails("text-as-integer", "integer", "TYPE_MISMATCH", constant("5"));
fails("object-as-float", "float", "TYPE_MISMATCH", constant({ a: 1 }));
fails("integer-as-bool", "boolean", "TYPE_MISMATCH", constant(1));
fails("no-such-variant", "boolean", "GENERAL", {
  state: "ENABLED",
  variants: twoStates,
  defaultVariant: "off",
  targeting: { if: [true, "gone", null] },
});
fails("no-such-operator", "boolean", "PARSE_ERROR", {
  state: "ENABLED",
  variants: twoStates,
  defaultVariant: "off",
  targeting: { if: [{ no_such_operator: [1] }, "on", "off"] },
});

flags.disabled = { state: "DISABLED", variants: twoStates, defaultVariant: "on" };
cases.push({
  flag: "disabled",
  type: "boolean",
  fallback: false,
  expected: { value: false, reason: "DISABLED" },
});
flags["no-default"] = { state: "ENABLED", variants: twoStates, defaultVariant: null };
cases.push({
  flag: "no-default",
  type: "boolean",
  fallback: true,
  expected: { value: true, reason: "DEFAULT" },
});

/** A flag that turns from `before` to `after` while the providers run, and what it becomes. */
export const changing = "switch";
const variants = { before: "before", after: "after" };
flags[changing] = { state: "ENABLED", variants, defaultVariant: "before" };
cases.push({
  flag: changing,
  type: "string",
  fallback: "fallback",
  expected: { value: "before", variant: "before", reason: "STATIC" },
});
export const changed: Definition = { state: "ENABLED", variants, defaultVariant: "after" };
