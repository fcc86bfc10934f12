import type { Steps } from "../core/turns.ts";
import { Derived } from "../evaluation/memo.ts";
import type { Outcome } from "../evaluation/outcomes.ts";
import { type EvaluationContext, type PreparedFlag, resolveAll } from "../evaluation/resolve.ts";
import type { View } from "../store/view.ts";

/** Enough that what is done for each block is little, few enough that one flag that differs spoils little. */
const blockFlags = 64;
/** What a block is like is remembered for so many different outcomes of its flags. */
const maxKept = 2;

/** Outcomes that are counted together, since they are always told together. */
export interface OutcomeGroup {
  readonly outcomes: readonly Outcome[];
  /** How often they were told and have not been counted yet. */
  times: number;
}

/** Counts a group by counting each of its outcomes. */
export function oneByOne(record: (outcome: Outcome) => void): (group: OutcomeGroup) => void {
  return ({ outcomes }) => {
    for (const outcome of outcomes) record(outcome);
  };
}

interface Kept<Block> {
  readonly outcomes: readonly Outcome[];
  readonly block: Block;
}

type MakeBlock<Block> = (flags: readonly PreparedFlag[], outcomes: readonly Outcome[]) => Block;

/**
 * Evaluates all flags of a view for answers that are made of blocks.
 * @param make called with flags that follow one another, and their outcomes
 */
export function inBlocks<Block>(
  make: MakeBlock<Block>,
): (view: View, context: EvaluationContext) => Steps<readonly Block[]> {
  const blocksOf = new Derived<View, AnswerBlocks<Block>>();
  return function* (view, context) {
    const outcomes: Outcome[] = [];
    yield* resolveAll(view, context, (_, outcome) => outcomes.push(outcome));
    let blocks = blocksOf.get(view);
    if (blocks === undefined) {
      blocks = new AnswerBlocks(yield* view.ordered(), make);
      blocksOf.set(view, blocks);
    }
    return yield* blocks.of(outcomes);
  };
}

/**
 * Answers about all flags of a view, in blocks of flags that follow one another. Of most flags most contexts
 * get the same outcomes: a block whose flags have the outcomes that they had for an earlier request is the same
 * block. Of 10,000 flags a request would otherwise touch ten small things each, which no cache of a processor
 * holds.
 */
export class AnswerBlocks<Block> {
  readonly #flags: readonly PreparedFlag[];
  readonly #make: MakeBlock<Block>;
  /** By the block's place, the one made last first. */
  readonly #kept: Kept<Block>[][] = [];

  /**
   * @param flags in the order of the answer
   * @param make called with some of them that follow one another, and their outcomes
   */
  constructor(flags: readonly PreparedFlag[], make: MakeBlock<Block>) {
    this.#flags = flags;
    this.#make = make;
  }

  /** @param outcomes of all flags */
  *of(outcomes: readonly Outcome[]): Steps<readonly Block[]> {
    const blocks: Block[] = [];
    for (let start = 0; start < outcomes.length; start += blockFlags) {
      blocks.push(this.#block(start, outcomes));
      yield;
    }
    return blocks;
  }

  #block(start: number, outcomes: readonly Outcome[]): Block {
    const place = start / blockFlags;
    const known = this.#kept[place] ?? [];
    const found = known.find((kept) => beginsAt(outcomes, start, kept.outcomes));
    if (found) return found.block;
    const end = start + blockFlags;
    const own = outcomes.slice(start, end);
    const block = this.#make(this.#flags.slice(start, end), own);
    this.#kept[place] = [{ outcomes: own, block }, ...known.slice(0, maxKept - 1)];
    return block;
  }
}

function beginsAt(all: readonly Outcome[], start: number, part: readonly Outcome[]): boolean {
  for (let i = 0; i < part.length; i++) {
    if (all[start + i] !== part[i]) return false;
  }
  return true;
}
