const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

/** The whole part of a number, cut toward zero, held within int64. Not a number gives 0. */
export function toInt64(value: number): bigint {
  if (value >= 2 ** 63) return MAX;
  if (value <= -(2 ** 63)) return MIN;
  return Number.isNaN(value) ? 0n : BigInt(Math.trunc(value));
}
