/** What providers are known to do differently, whichever daemon they talk to. */
import type { Expected, ValueType } from "./cases.ts";

interface Difference {
  /** `language/mode`; a `*` stands for any. */
  readonly providers: readonly string[];
  readonly why: string;
  readonly flags: readonly string[];
  readonly types?: readonly ValueType[];
  /** Only for this context. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly get: Partial<Expected>;
}

const table: readonly Difference[] = [];

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
      (!each.context || Bun.deepEquals(each.context, context)),
  )?.get;
}

function matches(pattern: string, provider: string): boolean {
  const wanted = pattern.split("/");
  return provider
    .split("/")
    .every((part, index) => wanted[index] === "*" || wanted[index] === part);
}
