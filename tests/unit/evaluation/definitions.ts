import type { Json, JsonObject } from "../../../src/core/json.ts";
import type { FractionalVersion } from "../../../src/evaluation/operators/fractional/fractional.ts";
import { prepareFlag } from "../../../src/evaluation/prepare.ts";
import type { PreparedFlag } from "../../../src/evaluation/resolve.ts";
import type { FlagDefinition } from "../../../src/flags/model.ts";

export interface Parts {
  readonly key?: string;
  readonly state?: string;
  readonly variants?: JsonObject;
  readonly defaultVariant?: string | undefined;
  readonly targeting?: Json;
  readonly metadata?: JsonObject;
}

/** An enabled flag with the variants on and off, off by default, unless said otherwise. */
export function define(parts: Parts): FlagDefinition {
  const { variants = { off: false, on: true } } = parts;
  return {
    key: parts.key ?? "f",
    state: parts.state ?? "ENABLED",
    variants: new Map(Object.entries(variants)),
    defaultVariant: "defaultVariant" in parts ? parts.defaultVariant : "off",
    targeting: parts.targeting,
    metadata: parts.metadata,
    flagSetId: undefined,
  };
}

export const second = 1_700_000_000;

/** Collects `[level, flag key, message]` in `reports`. */
export function prepare(
  parts: Parts,
  reports: string[][] = [],
  fractional: FractionalVersion = "v2",
): PreparedFlag {
  return prepareFlag(define(parts), {
    fractional,
    now: () => second * 1000 + 999,
    report: (...report) => reports.push(report),
  });
}
