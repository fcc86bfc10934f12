import { preview } from "../core/preview.ts";
import type { Bucket } from "../evaluation/trace.ts";
import type { Palette } from "./palette.ts";
import { percent } from "./percent.ts";

/** How `fractional` picked, in lines. */
export function bucketLines({ by, hash, bucket, total, arms, won }: Bucket, to: Palette): string[] {
  const [flagKey, targetingKey] = Array.isArray(by) && by.length === 2 ? by : [];
  const key =
    typeof targetingKey === "string"
      ? `flag key ${preview(flagKey)} and targetingKey ${preview(targetingKey)}`
      : preview(by);
  const names = arms.map(({ variant }) => preview(variant, 40));
  const width = Math.max(...names.map((name) => name.length));
  return [
    `by ${key}`,
    `hash ${hash} of 4294967296: bucket ${bucket} of ${total}`,
    ...arms.map(({ from, to: end }, i) => {
      const range = end > from ? `buckets ${from} to ${end - 1}` : "no bucket";
      const line = `${(names[i] ?? "").padEnd(width)}  ${percent(end - from, total).padStart(6)}  ${range}`;
      return i === won ? `${line}${to.cyan(" ◀ won")}` : to.dim(line);
    }),
  ];
}
