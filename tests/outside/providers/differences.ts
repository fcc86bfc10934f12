/** What providers are known to do differently, whichever daemon they talk to. */
import type { Case, Expected } from "./cases.ts";

interface Difference {
  /** `language/mode`; a `*` stands for any. */
  readonly providers: readonly string[];
  readonly why: string;
  /** Absent: every flag. */
  readonly flags?: readonly string[];
  /** Only if this error is due, or none (`null`). */
  readonly error?: string | null;
  /** Only for this context over the common one; `{}`: for the common one alone. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly get: Partial<Expected>;
}

const refused = (errorCode: string): Partial<Expected> => ({
  reason: "ERROR",
  errorCode,
  variant: undefined,
});
const picks = (variant: string): Partial<Expected> => ({ value: `value ${variant}`, variant });

/** How Rust shows a google.protobuf.Struct. */
const debugText =
  'Struct { fields: {"b": Value { kind: Some(StructValue(Struct { fields: {"c": Value { kind: ' +
  'Some(ListValue(ListValue { values: [Value { kind: Some(StringValue("x")) }, Value { kind: ' +
  "Some(NumberValue(1.0)) }, Value { kind: Some(ListValue(ListValue { values: [Value { kind: " +
  "Some(BoolValue(true)) }, Value { kind: Some(NullValue(NullValue)) }] })) }, Value { kind: " +
  'Some(StructValue(Struct { fields: {"d": Value { kind: Some(StringValue("e")) }} })) }] })) }} })) }} }';

const v3 = ["python/in-process", "rust/in-process"];
const v1 = ["java/in-process"];
const newer = "buckets by version 3 of fractional";
const older = "buckets by version 1 of fractional";

const table: readonly Difference[] = [
  { providers: v3, why: newer, flags: ["split"], context: {}, get: picks("a") },
  {
    providers: v3,
    why: newer,
    flags: ["split"],
    context: { targetingKey: "user-5" },
    get: picks("b"),
  },
  { providers: v3, why: newer, flags: ["split-by-mail"], context: {}, get: picks("b") },
  {
    providers: v3,
    why: newer,
    flags: ["split-by-mail"],
    context: { email: "bob@example.com" },
    get: picks("c"),
  },
  {
    providers: v3,
    why: newer,
    flags: ["split-even"],
    context: { targetingKey: "user-3" },
    get: picks("b"),
  },
  {
    providers: v3,
    why: newer,
    flags: ["split-in-rule"],
    context: { targetingKey: "user-2" },
    get: picks("b"),
  },
  { providers: v1, why: older, flags: ["split"], context: {}, get: picks("a") },
  { providers: v1, why: older, flags: ["split-by-mail"], get: picks("b") },
  { providers: v1, why: older, flags: ["split-even"], context: {}, get: picks("c") },
  {
    providers: v1,
    why: older,
    flags: ["split-even"],
    context: { targetingKey: "user-3" },
    get: picks("a"),
  },
  {
    providers: v1,
    why: older,
    flags: ["split-in-rule"],
    context: { targetingKey: "user-2" },
    get: picks("b"),
  },
  {
    providers: ["java/rpc"],
    why: "integers are 32 bits; what is over them is cut off",
    flags: ["integer-53-bits"],
    get: { value: -1 },
  },
  {
    providers: ["java/in-process", "java/ofrep"],
    why: "integers are 32 bits; what is over them is refused",
    flags: ["integer-53-bits"],
    get: { value: -7, ...refused("TYPE_MISMATCH") },
  },
  {
    providers: ["java/*", "rust/rpc"],
    why: "an answer without a variant is an unknown flag",
    flags: ["no-default"],
    get: refused("FLAG_NOT_FOUND"),
  },
  {
    providers: ["java/in-process", "java/ofrep"],
    why: "a flag that is disabled is an unknown flag",
    flags: ["disabled"],
    get: refused("FLAG_NOT_FOUND"),
  },
  {
    providers: ["java/in-process", "java/ofrep", "go/ofrep"],
    why: "what is asked for as an object may be any value",
    flags: ["bool-as-object"],
    get: { value: true, reason: "STATIC", errorCode: undefined },
  },
  {
    providers: ["java/ofrep"],
    why: "every 400 is INVALID_CONTEXT, whatever its error code",
    flags: ["no-such-variant", "no-such-operator"],
    get: refused("INVALID_CONTEXT"),
  },
  {
    providers: ["java/ofrep", "python/ofrep"],
    why: "a JSON number without a fraction is no float",
    flags: ["float-zero", "float-whole"],
    get: { value: -7.5, ...refused("TYPE_MISMATCH") },
  },
  {
    providers: ["node/ofrep", "python/ofrep"],
    why: "an answer without a value is an error",
    flags: ["disabled", "no-default"],
    get: refused("GENERAL"),
  },
  {
    providers: ["go/ofrep"],
    why: "an answer without a value has the wrong type",
    flags: ["no-default"],
    get: refused("TYPE_MISMATCH"),
  },
  {
    providers: ["rust/rpc", "rust/ofrep"],
    why: "null within an object is an empty text",
    flags: ["object"],
    get: { value: { name: "x", size: 3, ratio: 0.5, on: true, none: "" } },
  },
  {
    providers: ["rust/in-process"],
    why: "null within an object is a text",
    flags: ["object"],
    get: { value: { name: "x", size: 3, ratio: 0.5, on: true, none: "null" } },
  },
  {
    providers: ["rust/rpc"],
    why: "an object within an object is a text for debugging",
    flags: ["object-nested"],
    get: { value: { a: debugText } },
  },
  {
    providers: ["rust/in-process"],
    why: "an object within an object is its JSON",
    flags: ["object-nested"],
    get: { value: { a: '{"b":{"c":["x",1,[true,null],{"d":"e"}]}}' } },
  },
  {
    providers: ["rust/ofrep"],
    why: "null within an object is an empty text",
    flags: ["object-nested"],
    get: { value: { a: { b: { c: ["x", 1, [true, ""], { d: "e" }] } } } },
  },
  {
    providers: ["rust/rpc"],
    why: "INVALID_ARGUMENT, which means a wrong type, is INVALID_CONTEXT",
    error: "TYPE_MISMATCH",
    get: refused("INVALID_CONTEXT"),
  },
  {
    providers: ["rust/rpc"],
    why: "DATA_LOSS, which means PARSE_ERROR, is GENERAL",
    error: "PARSE_ERROR",
    get: refused("GENERAL"),
  },
  {
    providers: ["rust/in-process"],
    why: "a flag without a default variant is an error",
    flags: ["no-default"],
    get: refused("GENERAL"),
  },
  {
    providers: ["rust/in-process"],
    why: "a flag that is disabled is an unknown flag",
    flags: ["disabled"],
    get: refused("FLAG_NOT_FOUND"),
  },
  {
    providers: ["rust/ofrep"],
    why: "an answer without a value, or with one of another type, is PARSE_ERROR",
    flags: ["disabled", "no-default"],
    get: refused("PARSE_ERROR"),
  },
  {
    providers: ["rust/ofrep"],
    why: "an answer without a value, or with one of another type, is PARSE_ERROR",
    error: "TYPE_MISMATCH",
    get: refused("PARSE_ERROR"),
  },
  ...["GENERAL", "PARSE_ERROR"].map((error) => ({
    providers: ["rust/ofrep"],
    why: "every 400 is INVALID_CONTEXT, whatever its error code",
    error,
    get: refused("INVALID_CONTEXT"),
  })),
  {
    providers: ["rust/ofrep"],
    why: "every answer that is no error is STATIC, whatever its reason",
    error: null,
    get: { reason: "STATIC" },
  },
];

/** What this provider gets instead, if that is known. */
export function difference(provider: string, asked: Case): Partial<Expected> | undefined {
  return table.find(
    ({ providers, flags, error, context }) =>
      providers.some((pattern) => matches(pattern, provider)) &&
      (flags?.includes(asked.flag) ?? true) &&
      (error === undefined || error === (asked.expected.errorCode ?? null)) &&
      (!context || Bun.deepEquals(context, asked.context ?? {})),
  )?.get;
}

function matches(pattern: string, provider: string): boolean {
  const wanted = pattern.split("/");
  return provider
    .split("/")
    .every((part, index) => wanted[index] === "*" || wanted[index] === part);
}
