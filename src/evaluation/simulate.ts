import { isArray, isContainer, type Json } from "../core/json.ts";
import { referenceOf } from "../flags/evaluator-order.ts";
import type { Outcome } from "./outcomes.ts";

/** Evaluates a flag for one of the keys that a simulation is about. */
export type Answer = (key: string) => Outcome;

/** One answer of a flag, as far as those can tell it from others who get it. */
export interface Result {
  /** Undefined: callers use their own default. */
  readonly variant: string | undefined;
  readonly value: Json | undefined;
  readonly errorCode: string | undefined;
}

/** How many keys get a result. */
export interface Share extends Result {
  readonly count: number;
}

/** Those whose result is another one afterwards. */
export interface Move {
  readonly from: Result;
  readonly to: Result;
  readonly count: number;
  /** The first of them. */
  readonly keys: readonly string[];
}

export interface Comparison {
  readonly before: readonly Share[];
  readonly after: readonly Share[];
  /** The most frequent first. */
  readonly moves: readonly Move[];
  /** How many keys keep their result. */
  readonly same: number;
}

/** Keys that are named of those who move. */
const maxNamed = 5;

/** How many keys get which result, the most frequent first. */
export function distribution(keys: Iterable<string>, answer: Answer): readonly Share[] {
  const shares = new Shares();
  for (const key of keys) shares.add(answer(key));
  return shares.sorted();
}

/** What another way to answer, or other flags, would change. */
export function compare(keys: Iterable<string>, before: Answer, after: Answer): Comparison {
  const [sharesBefore, sharesAfter] = [new Shares(), new Shares()];
  const moves = new Map<string, Move & { count: number; keys: string[] }>();
  let same = 0;
  for (const key of keys) {
    const from = sharesBefore.add(before(key));
    const to = sharesAfter.add(after(key));
    if (from.id === to.id) {
      same++;
      continue;
    }
    const id = `${from.id} ${to.id}`;
    const move = moves.get(id) ?? { from: from.result, to: to.result, count: 0, keys: [] };
    moves.set(id, move);
    if (move.keys.length < maxNamed) move.keys.push(key);
    move.count++;
  }
  return {
    before: sharesBefore.sorted(),
    after: sharesAfter.sorted(),
    moves: byCount(moves.values()),
    same,
  };
}

/** Counts results. Two outcomes are one result if nobody who gets them can tell them apart. */
class Shares {
  readonly #shares = new Map<string, { readonly result: Result; count: number }>();
  /** A flag has few outcomes, each one object. */
  readonly #ids = new WeakMap<Outcome, string>();

  add(outcome: Outcome): { readonly id: string; readonly result: Result } {
    let id = this.#ids.get(outcome);
    const { variant, value, errorCode } = outcome;
    if (id === undefined) {
      id = JSON.stringify([variant ?? null, value ?? null, value === undefined, errorCode ?? null]);
      this.#ids.set(outcome, id);
    }
    const share = this.#shares.get(id) ?? { result: { variant, value, errorCode }, count: 0 };
    this.#shares.set(id, share);
    share.count++;
    return { id, result: share.result };
  }

  sorted(): readonly Share[] {
    return byCount(
      Array.from(this.#shares.values(), ({ result, count }) => ({ ...result, count })),
    );
  }
}

function byCount<Counted extends { readonly count: number }>(all: Iterable<Counted>): Counted[] {
  return [...all].sort((a, b) => b.count - a.count);
}

/** What in a rule decides how its answers change. */
export interface RuleTraits {
  /** Whether it looks at `$flagd.timestamp`. */
  readonly usesTime: boolean;
  readonly usesFractional: boolean;
  /** The numbers in it that look like Unix times in seconds, in order. */
  readonly times: readonly number[];
}

/** Unix seconds of September 2001 and November 2286. */
const [firstTime, lastTime] = [1e9, 1e10];

export function traitsOf(rule: Json | undefined): RuleTraits {
  const times = new Set<number>();
  const traits = { usesTime: false, usesFractional: false };
  // References share parts, which need to be looked at only once.
  const seen = new Set<object>();
  const visit = (value: Json | undefined): void => {
    if (typeof value === "number" && value >= firstTime && value < lastTime) times.add(value);
    if (value === undefined || !isContainer(value) || seen.has(value)) return;
    seen.add(value);
    if (referenceOf(value) !== undefined) return;
    for (const [name, member] of Object.entries(value)) {
      if (name === "fractional") traits.usesFractional = true;
      if (name === "var") {
        const path = isArray(member) ? member[0] : member;
        if (path === "$flagd.timestamp") traits.usesTime = true;
      }
      visit(member);
    }
  };
  visit(rule);
  return { ...traits, times: [...times].sort((a, b) => a - b) };
}

/** Times that are looked at between the first and the last. */
const steps = 10;

/** When a rule is worth a look: from just before the first of its times to the last, and at each of them. */
export function timesToSimulate(times: readonly number[]): readonly number[] {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return [];
  const between = Array.from({ length: steps + 1 }, (_, i) =>
    Math.round(first + ((last - first) * i) / steps),
  );
  const own = times.length <= steps ? times : [];
  return [...new Set([first - 1, ...own, ...between, last])].sort((a, b) => a - b);
}
