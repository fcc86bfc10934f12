const maxInt64 = 2n ** 63n - 1n;
const minInt64 = -(2n ** 63n);

/** The whole part of a number, cut toward zero, held within int64. Not a number gives 0. */
export function toInt64(value: number): bigint {
  if (value >= 2 ** 63) return maxInt64;
  if (value <= -(2 ** 63)) return minInt64;
  return Number.isNaN(value) ? 0n : BigInt(Math.trunc(value));
}
