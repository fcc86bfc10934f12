import type { Json } from "../core/json.ts";
import { preview } from "../core/preview.ts";
import type { Explanation } from "../evaluation/explain.ts";
import type { Step } from "../evaluation/trace.ts";

/** Characters of a result beyond which it is given as the beginning of its text. */
const maxResult = 4_096;

/** What explains an answer, for programs: the members that stand beside those of the answer. */
export function explanationJson({ why, targeting, metadata }: Explanation) {
  return {
    why,
    metadataLevels: Object.fromEntries(metadata.map(({ name, level }) => [name, level])),
    targeting: targeting && stepJson(targeting),
  };
}

/** A step and its parts; members without meaning are absent. */
function stepJson(step: Step): Record<string, unknown> {
  const { path, operator, references, runs, results, error, decidedBy, bucket, notes } = step;
  const isValue = operator === undefined && step.parts.length === 0;
  return {
    path,
    ...(operator === undefined ? {} : { operator }),
    ...(isValue ? { value: step.rule } : {}),
    ...(references.length > 0 && { references }),
    reached: runs > 0,
    ...(runs > 1 ? { runs, results: results.map(plain) } : {}),
    ...(runs === 1 && error === undefined && !isValue ? { result: plain(results[0]) } : {}),
    ...(error === undefined ? {} : { error }),
    ...(decidedBy && { decidedBy: decidedBy.path }),
    ...(bucket && { bucket: { ...bucket, by: plain(bucket.by) } }),
    ...(notes.length > 0 && { notes }),
    ...(step.parts.length > 0 && { parts: step.parts.map(stepJson) }),
  };
}

/** JSON has no text for some results of rules, and for some it is longer than the memory. */
function plain(result: unknown): Json {
  if (typeof result === "number" && !Number.isFinite(result)) return String(result);
  const text = preview(result, maxResult);
  return text.length >= maxResult ? text : ((result ?? null) as Json);
}
