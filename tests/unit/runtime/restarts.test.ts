import { expect, test } from "bun:test";
import { Restarts } from "../../../src/runtime/restarts.ts";

test("waits double up to a minute, and begin anew after what has lasted", () => {
  const restarts = new Restarts(5_000);
  const waits = [10, 10, 10, 10, 60_000, 60_000, 60_001, 10].map((ms) => restarts.wait(ms));
  expect(waits.map((ms) => ms / 1000)).toEqual([5, 10, 20, 40, 60, 60, 5, 10]);
});
