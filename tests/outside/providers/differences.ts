/** What providers are known to do differently, whichever daemon they talk to. */
import type { Expected, ValueType } from "./cases.ts";

interface Difference {
  /** `language/mode`; a `*` stands for any. */
  readonly providers: readonly string[];
  readonly why: string;
  readonly flags: readonly string[];
  readonly types?: readonly ValueType[];
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
    providers: ["java/*"],
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
];

/** What this provider gets instead, if that is known. */
export function differences(
  provider: string,
  flag: string,
  type: ValueType,
  context?: Readonly<Record<string, unknown>>,
): Partial<Expected> | undefined {
  return table.find(
    (each) =>
      each.providers.some((pattern) => matches(pattern, provider)) &&
      each.flags.includes(flag) &&
      (each.types?.includes(type) ?? true) &&
      (!each.context || Bun.deepEquals(each.context, context ?? {})),
  )?.get;
}

function matches(pattern: string, provider: string): boolean {
  const wanted = pattern.split("/");
  return provider
    .split("/")
    .every((part, index) => wanted[index] === "*" || wanted[index] === part);
}
