/** Differences in what is said about flags. */
import { isDeepStrictEqual } from "node:util";
import type { Difference } from "./differences.ts";
import { type Candidate, candidates, type Flag, isObject } from "./model.ts";
import { carriedByDefault, evaluate, expected, isDialectal } from "./oracle.ts";
import { observed, parse } from "./parts.ts";
import type { Question } from "./request.ts";
import type { KnownRule } from "./rule.ts";

const baseSource = "base.json";

/** The flags that a difference may be about, the winner first unless they are of one source. */
function flagsOf({ request, key, layers }: Difference): readonly Candidate[] {
  return key === undefined ? [] : candidates(layers, request.selector, key);
}

/** The one flag that a difference is about; undefined if it is a question of its own which one that is. */
function flagOf(difference: Difference): Flag | undefined {
  const [winner, other] = flagsOf(difference);
  return other !== undefined && other.source === winner?.source ? undefined : winner;
}

/** True if a key is defined for several flag sets, so that Go's answer may be of another flag. */
function hasRivals(difference: Difference): boolean {
  return new Set(flagsOf(difference).map(({ set }) => set)).size > 1;
}

/** True if we answer what the definition and json-logic-js say. */
function isRight(difference: Difference, flag = flagOf(difference)): boolean {
  const { request, ours } = difference;
  const { question } = request;
  if (question === undefined || flag === undefined) return false;
  const right = expected(flag, question);
  const said = ours === "" ? undefined : observed(request, ours);
  return isDeepStrictEqual(right && withoutNothing(right), said && withoutNothing(said));
}

/** An empty variant's name and an absent one look the same in most answers. */
function withoutNothing({ variant, ...rest }: { readonly variant?: string }): object {
  return variant ? { variant, ...rest } : rest;
}

/** True if the two say the same about everything but the evaluation itself. */
function hasSameMetadata({ ours, theirs }: Difference): boolean {
  const [a, b] = [parse(ours), parse(theirs)];
  if (!isObject(a) || !isObject(b)) return true;
  if (a.metadata === undefined || b.metadata === undefined) return true;
  return isDeepStrictEqual(a.metadata, b.metadata);
}

/** What follows from the body differing: an error is told by status and headers too. */
const isConsequence = ({ part }: Difference) =>
  /^(status$|header (grpc-|content-type|content-encoding))/.test(part);
const isEvaluation = (difference: Difference) =>
  /^(body$|flag )/.test(difference.part) || isConsequence(difference);
const ofService = (difference: Difference, surface: Question["surface"]) =>
  difference.request.question?.surface === surface;

export const knownAnswers: readonly KnownRule[] = [
  {
    name: "JsonLogic dialect",
    why: "Rules mean what json-logic-js makes of them, not what Go's engine does.",
    explains: (difference) => {
      const flag = flagOf(difference);
      if (flag === undefined || !isEvaluation(difference)) return false;
      if (!isDialectal(flag.targeting)) return false;
      return isConsequence(difference) || (isRight(difference) && hasSameMetadata(difference));
    },
  },
  {
    name: "variant names that HTML escapes",
    why: "A result with <, >, & or control characters matches the variant of that name; Go's never.",
    explains: (difference) => {
      const flag = flagOf(difference);
      const context = difference.request.question?.context;
      if (flag === undefined || context === undefined || !isEvaluation(difference)) return false;
      const { variant = "" } = evaluate(flag, context);
      if (!/[<>&\u2028\u2029]/.test(variant)) return false;
      return isConsequence(difference) || isRight(difference);
    },
  },
  {
    name: "targeting null",
    why: "`targeting: null` is no targeting: STATIC; Go runs it as a rule: DEFAULT.",
    explains: (difference) => {
      const { ours, theirs } = difference;
      if (flagOf(difference)?.targeting !== null) return false;
      return isRight(difference) && ours.replace('"STATIC"', '"DEFAULT"') === theirs;
    },
  },
  {
    name: "int64 saturates",
    why: "ResolveInt of a number beyond int64 gives the nearest int64; Go's conversion wraps.",
    explains: (difference) =>
      difference.request.question?.type === "Int" &&
      isRight(difference) &&
      difference.ours.includes("9223372036854775807") &&
      difference.ours.replace("9223372036854775807", "-9223372036854775808") === difference.theirs,
  },
  {
    name: "ResolveAll without default variant",
    why: "v1's ResolveAll includes a flag whose default variant is absent, an array or null when targeting hits; Go's never.",
    explains: (difference) => {
      const flag = flagOf(difference);
      if (!ofService(difference, "v1") || difference.theirs !== "") return false;
      return flag !== undefined && carriedByDefault(flag) === undefined && isRight(difference);
    },
  },
  {
    name: "one entry per key",
    why: "Bulk answers have one entry per key, the winner's; Go's repeat it for every flag set, with the types of another.",
    explains: (difference) => {
      const { part, request, ours, theirs } = difference;
      if (!part.startsWith("flag ") || !hasRivals(difference)) return false;
      const lines = theirs.split("\n");
      if (lines.every((line) => line === ours)) return request.question?.surface === "ofrep";
      return flagsOf(difference).some((flag) => isRight(difference, flag));
    },
  },
  {
    name: "several flag sets in one source",
    why: "Which flag wins is fixed with us, in byte order of the sets; Go's order has a random UUID in it.",
    explains: (difference) => {
      const flags = flagsOf(difference);
      if (flagOf(difference) !== undefined || flags.length < 2 || !isEvaluation(difference))
        return false;
      return isConsequence(difference) || flags.some((flag) => isRight(difference, flag));
    },
  },
  {
    name: "order of bulk answers",
    why: "OFREP's bulk entries come in the order of their keys; Go's by flag set, one of which it names at random.",
    explains: ({ request, part, ours }) =>
      request.question?.surface === "ofrep" &&
      part === "order" &&
      isDeepStrictEqual(ours.split("\n"), ours.split("\n").toSorted(byBytes)),
  },
  {
    name: "overridden flags by source",
    why: "Every source keeps its own flags: overridden ones are found by `source=`, and again once nothing overrides them. Go drops them.",
    explains: (difference) => {
      const { layers, key, request } = difference;
      const mine = layers.flatMap(({ source, flags }) =>
        flags.filter((flag) => flag.key === key).map(({ set }) => `${source} ${set}`),
      );
      const inBase = mine.some((one) => one.startsWith("base.json"));
      if (!inBase || flagsOf(difference)[0] === undefined) return false;
      if (request.question?.surface === "sync") return false;
      if (isConsequence(difference)) return isNotFound(difference.statuses[1]);
      return isRight(difference);
    },
  },
  {
    name: "sync sends winners",
    why: "Of a key in several sources or flag sets sync clients get the flag that is evaluated; which one Go sends depends on a random UUID.",
    explains: (difference) => {
      const { request, part, ours } = difference;
      const [winner, ...others] = flagsOf(difference);
      if (request.port !== "sync" || winner === undefined || !part.startsWith("flag "))
        return false;
      const mayDiffer = others.length > 0 || winner.source === baseSource;
      const flag = parse(ours);
      if (!mayDiffer || !isObject(flag)) return false;
      const equals = [winner, ...others].filter(({ source }) => source === winner.source);
      return (
        flag.source === winner.source &&
        equals.some(({ definition }) =>
          isDeepStrictEqual(flag.variants, definition.variants ?? null),
        )
      );
    },
  },
  {
    name: "references within references",
    why: "`$ref` is resolved wherever it stands; Go replaces text, and within an evaluator at random.",
    explains: ({ part, ours, theirs }) =>
      part.startsWith("flag ") && !ours.includes('"$ref"') && theirs.includes('{"$ref":'),
  },
  {
    name: "names in another case",
    why: "Member names count as they are written; Go takes them in any case.",
    explains: (difference) => {
      const names = Object.keys(flagOf(difference)?.definition ?? {});
      const odd = names.some(
        (name) => /^(state|variants|targeting|metadata)$/i.test(name) && !/^[a-z]/.test(name),
      );
      return odd && (isConsequence(difference) || isRight(difference));
    },
  },
  {
    name: "a variant without a name",
    why: "In ResolveAll Go takes the variant named `` for the default of a flag without default.",
    explains: (difference) => {
      const { definition } = flagOf(difference) ?? {};
      return (
        difference.part.startsWith("flag ") &&
        isObject(definition?.variants) &&
        "" in definition.variants &&
        !definition.defaultVariant &&
        difference.request.question?.surface !== "sync"
      );
    },
  },
];

function isNotFound(status: number | string): boolean {
  return status === 404 || status === "NOT_FOUND" || status === 200;
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
