import type { Difference } from "./differences.ts";

/** A difference that is meant. */
export interface KnownRule {
  readonly name: string;
  readonly why: string;
  readonly explains: (difference: Difference) => boolean;
}
