import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { fileErrorText } from "../../core/file-error.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { resolve } from "../../evaluation/resolve.ts";
import {
  type Answer,
  type Comparison,
  compare,
  distribution,
  type Share,
  timesToSimulate,
  traitsOf,
} from "../../evaluation/simulate.ts";
import { SourceError } from "../../sources/source.ts";
import type { SourceDocument } from "../read-source.ts";
import { FlagsAtHand } from "./flags-at-hand.ts";

export interface SimulationOptions {
  readonly key: string;
  readonly documents: readonly SourceDocument[];
  /** Of the source to compare with. */
  readonly against: SourceDocument | undefined;
  readonly selector: string;
  readonly context: JsonObject;
  /** The attribute that the keys stand for. */
  readonly by: string;
  readonly keys: readonly string[] | number;
  readonly fractional: "v2" | "v3";
  /** Unix time in milliseconds. */
  readonly now: number;
}

/** What a flag does for many keys. */
export interface SimulationResult {
  readonly key: string;
  readonly keys: number;
  readonly fractional: "v2" | "v3";
  readonly distribution: readonly Share[];
  /** Of a rule that looks at the time and has times in it. */
  readonly overTime: readonly { readonly time: number; readonly distribution: readonly Share[] }[];
  /** With the other version of `fractional`; undefined if the rule has none. */
  readonly otherFractional: ({ readonly version: "v2" | "v3" } & Comparison) | undefined;
  /** With another source. */
  readonly against: ({ readonly source: string } & Comparison) | undefined;
}

export function runSimulation(options: SimulationOptions): SimulationResult {
  const { key, documents, against, selector, fractional, keys } = options;
  let now = options.now;
  const flags = (of: readonly SourceDocument[], version: "v2" | "v3") =>
    new FlagsAtHand(of, { fractional: version, now: () => now, selector });
  const present = flags(documents, fractional);
  const flag = present.view.flags.get(key);
  const traits = traitsOf(flag?.fixed ? undefined : flag?.definition.targeting);
  const answer = answering(present, options);
  const other = fractional === "v2" ? "v3" : "v2";
  const result = {
    key,
    keys: typeof keys === "number" ? keys : keys.length,
    fractional,
    distribution: distribution(named(keys), answer),
    otherFractional: traits.usesFractional
      ? {
          version: other as "v2" | "v3",
          ...compare(named(keys), answer, answering(flags(documents, other), options)),
        }
      : undefined,
    against: against && {
      source: against.name,
      ...compare(named(keys), answer, answering(flags([against], fractional), options)),
    },
  };
  const overTime = timesToSimulate(traits.usesTime ? traits.times : []).map((time) => {
    now = time * 1000;
    return { time, distribution: distribution(named(keys), answer) };
  });
  return { ...result, overTime };
}

function answering(
  flags: FlagsAtHand,
  { key, context, by }: Pick<SimulationOptions, "key" | "context" | "by">,
): Answer {
  const contextOf = (name: string): Record<string, Json> => {
    const whole = name.startsWith("{") ? wholeContext(name) : undefined;
    return { ...context, ...(whole ?? { [by]: name }), ...flags.context };
  };
  return (name) => resolve(flags.view, key, () => contextOf(name));
}

function wholeContext(line: string): JsonObject | undefined {
  try {
    const value: Json = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Always the same ones, so that a simulation can be repeated. */
function* named(keys: readonly string[] | number): Iterable<string> {
  if (typeof keys !== "number") yield* keys;
  else for (let i = 1; i <= keys; i++) yield `user-${i}`;
}

/** Keys of one file; more do not fit into memory. */
const maxKeys = 10_000_000;

/**
 * The keys in a file, one a line.
 * @throws SourceError
 */
export async function readKeys(path: string): Promise<readonly string[]> {
  const keys: string[] = [];
  try {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      if (line.trim() !== "") keys.push(line.trim());
      if (keys.length > maxKeys) throw new Error(`it has more than ${maxKeys} lines`);
    }
  } catch (error) {
    throw new SourceError(`cannot read the keys in ${path}: ${fileErrorText(error)}`);
  }
  if (keys.length === 0) throw new SourceError(`there are no keys in ${path}`);
  return keys;
}
