import { describe, expect, test } from "bun:test";
import { inSlices, type Steps, Turns, turnMs, type Work } from "../../../src/core/turns.ts";

/** Turns whose clock moves as the work says, and whose event loop turns when told. */
function manualTurns() {
  let time = 0;
  let next: (() => void) | undefined;
  const turns = new Turns(
    () => time,
    (callback) => {
      expect(next).toBeUndefined();
      next = callback;
    },
  );
  return {
    turns,
    spend: (ms: number) => {
      time += ms;
    },
    get waiting() {
      return next !== undefined;
    },
    turn() {
      const callback = next;
      next = undefined;
      callback?.();
    },
  };
}

/** So many steps that each take a whole turn. */
function longWork(
  name: string,
  steps: number,
  log: string[],
  spend: (ms: number) => void,
  each = turnMs,
): Work {
  let left = steps;
  return (turn) => {
    do {
      log.push(name);
      spend(each);
      left--;
    } while (left > 0 && !turn.over);
    return left > 0;
  };
}

describe("turns of the event loop", () => {
  test("short work is done at once", () => {
    const { turns, spend, ...rest } = manualTurns();
    const log: string[] = [];
    turns.start(longWork("a", 3, log, spend, turnMs / 4));
    expect(log).toEqual(["a", "a", "a"]);
    expect(rest.waiting).toBe(false);
  });

  test("long work goes on in later turns, each as long as one may be", () => {
    const manual = manualTurns();
    const log: string[] = [];
    manual.turns.start(longWork("a", 5, log, manual.spend, turnMs / 2));
    expect(log.length).toBe(2);
    manual.turn();
    expect(log.length).toBe(4);
    manual.turn();
    expect(log.length).toBe(5);
    expect(manual.waiting).toBe(false);
  });

  test("one turn is for all, and who has had it waits behind the others", () => {
    const manual = manualTurns();
    const log: string[] = [];
    for (const name of ["a", "b", "c"])
      manual.turns.queue(longWork(name, 2, log, manual.spend, turnMs));
    for (let n = 0; n < 6; n++) manual.turn();
    expect(log.join("")).toBe("abcabc");
    expect(manual.waiting).toBe(false);
  });

  test("short work shares a turn", () => {
    const manual = manualTurns();
    const log: string[] = [];
    for (const name of ["a", "b", "c"])
      manual.turns.queue(longWork(name, 1, log, manual.spend, turnMs / 2));
    manual.turn();
    expect(log.join("")).toBe("ab");
    manual.turn();
    expect(log.join("")).toBe("abc");
  });

  test("work that starts other work goes on with its own turn", () => {
    const manual = manualTurns();
    const log: string[] = [];
    manual.turns.start((turn) => {
      manual.spend(turnMs / 2);
      manual.turns.start(longWork("inner", 1, log, manual.spend, turnMs / 4));
      expect(turn.over).toBe(false);
      manual.spend(turnMs / 4);
      expect(turn.over).toBe(true);
      return false;
    });
    expect(log).toEqual(["inner"]);
  });

  test("work that throws costs no other its turn", () => {
    const manual = manualTurns();
    const log: string[] = [];
    manual.turns.queue(() => {
      throw new Error("of the work");
    });
    manual.turns.queue(longWork("b", 1, log, manual.spend));
    expect(() => manual.turn()).toThrow("of the work");
    manual.turn();
    expect(log).toEqual(["b"]);
  });
});

/** Steps that each take a whole turn. */
function* longSteps(count: number, log: number[]): Steps<string> {
  for (let n = 1; n <= count; n++) {
    log.push(n);
    const end = performance.now() + turnMs;
    while (performance.now() < end);
    yield;
  }
  return "done";
}

describe("work in slices", () => {
  test("lets others go on between its steps, and gives its result", async () => {
    const log: number[] = [];
    const result = inSlices(longSteps(4, log));
    expect(log).toEqual([1]);
    expect(await result).toBe("done");
    expect(log).toEqual([1, 2, 3, 4]);
  });

  test("fails as its steps do", async () => {
    const error = new Error("of a step");
    const failing = (function* (): Steps<void> {
      yield;
      throw error;
    })();
    expect(await inSlices(failing).catch((thrown) => thrown)).toBe(error);
  });

  test("ends when nobody wants the result any more", async () => {
    const log: number[] = [];
    let unwanted = false;
    const result = inSlices(longSteps(100, log), () => unwanted).catch(({ message }) => message);
    unwanted = true;
    expect(await result).toBe("the result is wanted no more");
    expect(log).toEqual([1]);
  });
});
