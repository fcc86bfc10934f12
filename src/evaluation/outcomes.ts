import type { Json, JsonObject } from "../core/json.ts";
import { compareBytes } from "../core/order.ts";
import type { FlagDefinition } from "../flags/model.ts";
import type { Memo } from "./memo.ts";
import { isPlainName, variantName } from "./variant-name.ts";

export type Reason = "STATIC" | "DEFAULT" | "TARGETING_MATCH" | "DISABLED" | "ERROR";
export type ErrorCode = "FLAG_NOT_FOUND" | "PARSE_ERROR" | "TYPE_MISMATCH" | "GENERAL";

/**
 * One possible answer of one flag. Immutable and made when flags change: evaluating a flag only
 * picks one of its outcomes, so that what a service encodes for an outcome it encodes once.
 */
export interface Outcome {
  readonly key: string;
  readonly reason: Reason;
  /** Set exactly when `reason` is ERROR. */
  readonly errorCode: ErrorCode | undefined;
  /** undefined: nothing was selected, the caller's default applies. */
  readonly variant: string | undefined;
  readonly value: Json | undefined;
  /** What answers carry: the selector's reflection overlaid by the flag's metadata, no null values, keys in byte order. */
  readonly metadata: JsonObject;
  readonly memo: Memo;
}

/** The JSON type of a value. */
export type Kind = "boolean" | "string" | "number" | "object" | "array" | "null";

export function kindOf(value: Json): Kind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const kind = typeof value;
  if (kind === "boolean" || kind === "string" || kind === "number") return kind;
  return "object";
}

/** Every answer that one flag can give. */
export interface Outcomes {
  readonly disabled: Outcome;
  /** The default variant, if no targeting ran. */
  readonly fixed: Outcome;
  /** The default variant, if targeting selected nothing. */
  readonly unselected: Outcome;
  readonly parseError: Outcome;
  readonly unknownVariant: Outcome;
  /** The outcome that a targeting result other than null selects; undefined if no variant has its name. */
  targeted(result: unknown): Outcome | undefined;
}

/** @param reflection members that answers have in addition to the metadata of the flag, which wins */
export function outcomesOf(definition: FlagDefinition, reflection: JsonObject): Outcomes {
  const { key, defaultVariant } = definition;
  const metadata = metadataOf(definition, reflection);
  const outcome = (reason: Reason, variant?: string): Outcome => ({
    key,
    reason,
    errorCode: undefined,
    variant,
    value: variant === undefined ? undefined : definition.variants?.get(variant),
    metadata,
    memo: [],
  });
  const error = (code: ErrorCode) => failed(outcome("ERROR"), code);
  const unselected = outcome("DEFAULT", defaultVariant);
  const matches = new Map<string, Outcome>();
  for (const variant of definition.variants?.keys() ?? [])
    matches.set(variant, outcome("TARGETING_MATCH", variant));
  return {
    disabled: outcome("DISABLED"),
    fixed: defaultVariant === undefined ? unselected : outcome("STATIC", defaultVariant),
    unselected,
    parseError: error("PARSE_ERROR"),
    unknownVariant: error("GENERAL"),
    targeted: byResult(matches),
  };
}

/** What a flag that does not exist answers. */
export function notFound(key: string, reflection: JsonObject): Outcome {
  return {
    key,
    reason: "ERROR",
    errorCode: "FLAG_NOT_FOUND",
    variant: undefined,
    value: undefined,
    metadata: reflection,
    memo: [],
  };
}

/** The error that takes the place of an outcome which cannot be answered; the variant stays. */
export function failed(outcome: Outcome, errorCode: ErrorCode): Outcome {
  return { ...outcome, reason: "ERROR", errorCode, value: undefined, memo: [] };
}

/** True if `reflection` adds nothing to a flag's own metadata. */
export function hidesReflection(definition: FlagDefinition, reflection: JsonObject): boolean {
  return Object.keys(reflection).every((name) => isShown(definition.metadata?.[name]));
}

function metadataOf({ metadata }: FlagDefinition, reflection: JsonObject): JsonObject {
  const shown = Object.entries(metadata ?? {}).filter(([, value]) => isShown(value));
  const members = new Map([...Object.entries(reflection), ...shown]);
  return Object.fromEntries([...members].sort(([a], [b]) => compareBytes(a, b)));
}

function isShown(value: Json | undefined): boolean {
  return value !== undefined && value !== null;
}

/** Most results are strings or booleans that are a variant's name as they stand. */
function byResult(matches: ReadonlyMap<string, Outcome>): (result: unknown) => Outcome | undefined {
  const plain = new Map<unknown, Outcome>();
  for (const [name, outcome] of matches) if (isPlainName(name)) plain.set(name, outcome);
  for (const truth of [true, false]) {
    const outcome = matches.get(String(truth));
    if (outcome !== undefined) plain.set(truth, outcome);
  }
  return (result) => plain.get(result) ?? matches.get(variantName(result));
}
