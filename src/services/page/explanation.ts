/** How the answer to one flag comes about, for the page. */
import type { JsonObject } from "../../core/json.ts";
import { atOnce } from "../../core/turns.ts";
import { explain, explanationJson } from "../../evaluation/explain.ts";
import type { FractionalVersion } from "../../evaluation/operators/fractional/fractional.ts";
import { unknownOrigin } from "../../flags/origin.ts";
import type { Layer } from "../../store/layer.ts";
import type { ContextAdditions, HeaderLookup } from "../context-additions.ts";

/** Characters of an answer: a tree beyond that is of no use to people. */
const maxLength = 1 << 20;

export interface ExplanationOptions {
  /** In order of priority. */
  readonly layers: () => readonly Layer[];
  readonly additions: ContextAdditions;
  readonly fractional: FractionalVersion;
}

/** Explains the flag that clients get who see every flag; undefined: there is none. */
export function explainFlag(
  key: string,
  context: JsonObject,
  header: HeaderLookup,
  { layers, additions, fractional }: ExplanationOptions,
): string | undefined {
  const flag = layers()
    .findLast(({ flags }) => flags.has(key))
    ?.flags.get(key);
  if (!flag) return undefined;
  const whole = { ...context };
  additions.apply(whole, header);
  const definition = atOnce(flag.content.definition());
  const explanation = explain(definition, unknownOrigin, whole, { now: Date.now, fractional });
  const { metadataLevels: _, ...told } = explanationJson(explanation);
  const text = JSON.stringify(told);
  return text.length > maxLength ? JSON.stringify({ why: told.why }) : text;
}
