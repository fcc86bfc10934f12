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

/** Every answer that one flag can give, each made at its first use: most flags give one or two of theirs. */
export class Outcomes {
  readonly #definition: FlagDefinition;
  readonly #metadata: JsonObject;
  #unselected: Outcome | undefined;
  #parseError: Outcome | undefined;
  #unknownVariant: Outcome | undefined;
  /** By the results that select them, if these are the variant's name as it stands, or true and false. */
  readonly #byResult = new Map<unknown, Outcome>();
  /** By variants whose names do not stand for themselves. */
  readonly #byOddName = new Map<string, Outcome>();

  /** @param reflection members that answers have in addition to the metadata of the flag, which wins */
  constructor(definition: FlagDefinition, reflection: JsonObject) {
    this.#definition = definition;
    this.#metadata = metadataOf(definition, reflection);
  }

  get disabled(): Outcome {
    return this.#make("DISABLED");
  }

  /** The default variant, if no targeting ran. */
  get fixed(): Outcome {
    const { defaultVariant } = this.#definition;
    return defaultVariant === undefined ? this.unselected : this.#make("STATIC", defaultVariant);
  }

  /** The default variant, if targeting selected nothing. */
  get unselected(): Outcome {
    this.#unselected ??= this.#make("DEFAULT", this.#definition.defaultVariant);
    return this.#unselected;
  }

  get parseError(): Outcome {
    this.#parseError ??= failed(this.#make("ERROR"), "PARSE_ERROR");
    return this.#parseError;
  }

  get unknownVariant(): Outcome {
    this.#unknownVariant ??= failed(this.#make("ERROR"), "GENERAL");
    return this.#unknownVariant;
  }

  /** The outcome that a targeting result other than null selects; undefined if no variant has its name. */
  targeted(result: unknown): Outcome | undefined {
    const known = this.#byResult.get(result);
    if (known !== undefined) return known;
    const name = variantName(result);
    if (!this.#definition.variants?.has(name)) return undefined;
    const outcomes: Map<unknown, Outcome> = isPlainName(name) ? this.#byResult : this.#byOddName;
    let outcome = outcomes.get(name);
    if (outcome === undefined) {
      outcome = this.#make("TARGETING_MATCH", name);
      outcomes.set(name, outcome);
    }
    if (typeof result === "boolean") this.#byResult.set(result, outcome);
    return outcome;
  }

  #make(reason: Reason, variant?: string): Outcome {
    const { key, variants } = this.#definition;
    const value = variant === undefined ? undefined : variants?.get(variant);
    return {
      key,
      reason,
      errorCode: undefined,
      variant,
      value,
      metadata: this.#metadata,
      memo: [],
    };
  }
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

/** Of flags that have none. */
const noMetadata: JsonObject = Object.freeze({});

function metadataOf({ metadata }: FlagDefinition, reflection: JsonObject): JsonObject {
  const shown = Object.entries(metadata ?? {}).filter(([, value]) => isShown(value));
  const members = new Map([...Object.entries(reflection), ...shown]);
  if (members.size === 0) return noMetadata;
  return Object.fromEntries([...members].sort(([a], [b]) => compareBytes(a, b)));
}

function isShown(value: Json | undefined): boolean {
  return value !== undefined && value !== null;
}
