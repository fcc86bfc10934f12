/** Largest weight and largest sum of weights. */
const maxWeight = 2 ** 31 - 1;

/** The arms of a `fractional` operation, their weights added up. */
export interface Distribution {
  readonly variants: readonly unknown[];
  /** For each variant, the sum of its weight and those before it. */
  readonly bounds: readonly number[];
  readonly total: number;
  /** Negative weights, which count as 0. */
  readonly clamped: readonly number[];
}

export type ParsedDistribution =
  | { readonly ok: true; readonly distribution: Distribution }
  | { readonly ok: false; readonly reason: string; readonly clamped: readonly number[] };

/** Reads evaluated arms `[variant, weight = 1]`. */
export function parseDistribution(arms: readonly unknown[]): ParsedDistribution {
  const variants: unknown[] = [];
  const bounds: number[] = [];
  const clamped: number[] = [];
  const failure = (reason: string): ParsedDistribution => ({ ok: false, reason, clamped });
  let total = 0;
  for (const arm of arms) {
    const problem = checkArm(arm);
    if (problem !== undefined) return failure(problem);
    const [variant, weight] = arm as [unknown, number | null | undefined];
    const share = weight ?? 1;
    if (share < 0) clamped.push(share);
    total += Math.max(0, share);
    variants.push(variant);
    bounds.push(total);
  }
  if (total > maxWeight)
    return failure(`sum of all weights (${total}) exceeds maximum allowed value (${maxWeight})`);
  return { ok: true, distribution: { variants, bounds, total, clamped } };
}

/** What is wrong with an arm. */
function checkArm(arm: unknown): string | undefined {
  if (!Array.isArray(arm))
    return "distribution elements aren't of type []any. please check your rule in flag definition";
  if (arm.length === 0) return "distribution element needs at least one element";
  const [variant, weight]: unknown[] = arm;
  if (typeof variant === "object" && variant !== null)
    return "first element of distribution element must be a string, bool, number, or nil";
  if (weight === undefined || weight === null) return undefined;
  if (typeof weight !== "number") return "weight must be a number";
  // Whole, and of a size that 64 bits hold.
  if (!Number.isInteger(weight) || Math.abs(weight) >= 2 ** 63) return "weights must be integers";
  if (weight > maxWeight) return `weight ${weight} exceeds maximum allowed value ${maxWeight}`;
  return undefined;
}

/** The bucket of a hash (unsigned, 32 bits): floor(hash × total / 2³²). */
export function bucketOf(hash: number, { total }: Distribution): number {
  // A product of up to 63 bits, in two halves that a double holds exactly.
  const high = (hash >>> 16) * total;
  const low = Math.floor(((hash & 0xffff) * total) / 0x10000);
  return Math.floor((high + low) / 0x10000);
}

/** The place of the arm that a bucket falls to, the first one whose bound is above it; -1 if all weights are 0. */
export function armOf(bucket: number, { bounds }: Distribution): number {
  let arm = 0;
  for (const bound of bounds) {
    if (bucket < bound) return arm;
    arm++;
  }
  return -1;
}

/** The variant that a hash falls to. undefined if all weights are 0. */
export function pick(distribution: Distribution, hash: number): unknown {
  return distribution.variants[armOf(bucketOf(hash, distribution), distribution)];
}
