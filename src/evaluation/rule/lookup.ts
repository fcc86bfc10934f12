import { chargeText } from "./budget.ts";

/** Never looked at, not even if the data has a member of that name. */
const forbidden: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Names that some JSON value inherits. Only these need the slow question whether the value has
 * them itself; `length` is not among them, for what has it has it as its own.
 */
const inherited: ReadonlySet<string> = new Set(
  [Object, Array, String, Number, Boolean]
    .flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype))
    .filter((name) => name !== "length"),
);

export type Step = (value: unknown) => unknown;

/** Reads one own member, array index or string index; `undefined` if there is none. */
export function member(name: string): Step {
  if (forbidden.has(name)) return () => undefined;
  if (inherited.has(name)) return (value) => ownMember(value, name);
  return (value) =>
    value === null || value === undefined ? undefined : (value as Record<string, unknown>)[name];
}

/** Follows a dotted path; `undefined` if it leads nowhere. */
export function path(text: string): Step {
  const steps = text.split(".").map(member);
  const [first, second] = steps;
  if (first !== undefined && steps.length === 1) return first;
  if (first !== undefined && second !== undefined && steps.length === 2)
    return (value) => second(first(value));
  return (value) => steps.reduce((reached, step) => step(reached), value);
}

/** {@link path} for a path known only now. */
export function follow(data: unknown, text: string): unknown {
  let value = data;
  chargeText(text.length);
  for (const name of text.split(".")) {
    if (value === undefined) return undefined;
    value = forbidden.has(name) ? undefined : ownMember(value, name);
  }
  return value;
}

/** True if `text`, a path into the evaluation context, leads to `$flagd` or into it. */
export function leadsToFlagd(text: string): boolean {
  return text === "$flagd" || text.startsWith("$flagd.");
}

function ownMember(value: unknown, name: string): unknown {
  if (value === null || value === undefined || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
