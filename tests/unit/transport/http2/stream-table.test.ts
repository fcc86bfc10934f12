import { describe, expect, test } from "bun:test";
import { PastStreams } from "../../../../src/transport/http2/stream-table.ts";

describe("past streams", () => {
  test("may receive what was on its way until the client ends them", () => {
    const past = new PastStreams();
    past.add(3);
    expect([1, 3, 5].map((id) => past.mayReceive(id))).toEqual([false, true, false]);
    past.end(3);
    expect(past.mayReceive(3)).toBe(false);
  });

  test("of old are forgotten, and given the benefit of the doubt", () => {
    const past = new PastStreams();
    for (let id = 1; id < 4001; id += 2) past.add(id);
    expect([1, 1001, 3999].map((id) => past.mayReceive(id))).toEqual([true, true, true]);
    past.end(3999);
    expect(past.mayReceive(3999)).toBe(false);
    expect(past.mayReceive(4001)).toBe(false);
  });
});
