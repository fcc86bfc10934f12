import type { Json, JsonObject } from "../core/json.ts";
import type { Memo } from "./memo.ts";

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
