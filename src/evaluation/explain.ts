import type { Json } from "../core/json.ts";
import { preview, shorten } from "../core/message-text.ts";
import type { FlagDefinition } from "../flags/model.ts";
import type { FlagOrigin } from "../flags/origin.ts";
import type { Outcome } from "./outcomes.ts";
import { type EvaluationEnvironment, prepareFlag } from "./prepare.ts";
import type { EvaluationContext } from "./resolve.ts";
import { type Step, Trace } from "./trace.ts";

/** The answer of a flag, and how it came about. */
export interface Explanation {
  /** What evaluating the flag gives. */
  readonly outcome: Outcome;
  /** In a sentence without a full stop. */
  readonly why: string;
  /** The rule, part by part; undefined: none has run. */
  readonly targeting: Step | undefined;
  readonly metadata: readonly ExplainedMetadata[];
}

export interface ExplainedMetadata {
  readonly name: string;
  readonly value: Json;
  /** Whether the flag has it, or the document for all its flags. */
  readonly level: "flag" | "document";
}

/**
 * Evaluates a flag and tells how its answer comes about. The outcome is that of evaluating the prepared flag: it
 * is made by the same code, which is only observed.
 * @param context evaluation may write `$flagd` into it
 */
export function explain(
  definition: FlagDefinition,
  origin: FlagOrigin,
  context: EvaluationContext,
  env: Omit<EvaluationEnvironment, "report" | "observer">,
): Explanation {
  const trace = new Trace(origin);
  let problem = "";
  const report = (_level: unknown, _key: string, message: string) => {
    if (!trace.note(message)) problem = message;
  };
  const flag = prepareFlag(definition, { ...env, report, observer: trace });
  const outcome = flag.fixed ?? flag.evaluate(context);
  const targeting = flag.fixed ? undefined : trace.root;
  return {
    outcome,
    why: why(definition, outcome, targeting, problem),
    targeting,
    metadata: Object.entries(outcome.metadata).map(([name, value]) => ({
      name,
      value,
      level: origin.ownMetadata.has(name) ? "flag" : "document",
    })),
  };
}

function why(
  { state, defaultVariant, variants }: FlagDefinition,
  { reason, errorCode, variant }: Outcome,
  targeting: Step | undefined,
  problem: string,
): string {
  const nothing =
    defaultVariant === undefined
      ? "there is no default variant: callers use their own default"
      : `the default variant ${JSON.stringify(defaultVariant)} applies`;
  if (state === "DISABLED") return "the flag is disabled: callers use their own default";
  if (errorCode === "PARSE_ERROR") return problem || "the targeting rule cannot be used";
  if (targeting === undefined) return `the flag has no targeting, and ${nothing}`;
  if (errorCode !== undefined) {
    const names = [...(variants?.keys() ?? [])].map((name) => JSON.stringify(name)).join(", ");
    const result = preview(targeting.results[0]);
    return `the targeting gives ${result}, which is the name of no variant; there are ${shorten(names) || "none"}`;
  }
  if (reason === "DEFAULT") return `the targeting selects nothing (null), and ${nothing}`;
  return `the targeting selects the variant ${JSON.stringify(variant)}`;
}

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
