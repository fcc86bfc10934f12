import type { Contender } from "./contender.ts";
import { failedLine, type Line } from "./table.ts";

/** What all measurements get to know. */
export interface Bench {
  /** Ours first. */
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  /** Of load, in each round and phase. */
  readonly seconds: number;
  /** Of what takes no time, in each round. */
  readonly repetitions: number;
  /** For the row about many requests. */
  readonly requests: number;
  /** Where flag files may be written. */
  readonly folder: string;
}

export interface Measurement {
  readonly id: string;
  run(bench: Bench): Promise<readonly Line[]>;
}

/** The lines of all measurements. One that fails has a line that says so, and the others go on. */
export async function runAll(
  measurements: readonly Measurement[],
  bench: Bench,
  tell: (progress: string) => void,
): Promise<{ lines: readonly Line[]; failed: readonly string[] }> {
  const lines: Line[] = [];
  const failed: string[] = [];
  for (const { id, run } of measurements) {
    const started = performance.now();
    try {
      lines.push(...(await run(bench)));
    } catch (error) {
      failed.push(id);
      lines.push(failedLine(id, error));
    }
    tell(`${id}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  return { lines, failed };
}

/**
 * Measures every contender in each of several rounds, one after the other, so that what else happens
 * on the machine meets all of them alike.
 * @returns the results of each contender
 */
export async function interleave<Result>(
  { contenders, rounds }: Pick<Bench, "contenders" | "rounds">,
  measure: (contender: Contender) => Promise<Result>,
): Promise<Result[][]> {
  const results: Result[][] = contenders.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      results[i]?.push(await measure(contender));
    }
  }
  return results;
}
