import { expect, test } from "bun:test";
import { runAll } from "../../../bench/side-by-side/bench.ts";
import { failedLine, medianLine, ratioOf, table } from "../../../bench/side-by-side/table.ts";

test("a table has a column for each contender, the ratio and the target", () => {
  const lines = [
    { work: "start", cells: ["10 ms", "23 ms"], ratio: 2.3, target: "1×" },
    { work: "only ours", cells: ["5 ns"] },
  ];
  expect(table(["flagd", "Go flagd"], lines).split("\n")).toEqual([
    "| work | flagd | Go flagd | ratio | target |",
    "| --- | --- | --- | --- | --- |",
    "| start | 10 ms | 23 ms | **2.3×** | 1× |",
    "| only ours | 5 ns | – |  |  |",
  ]);
});

test("details are further columns, for each contender", () => {
  const lines = [{ work: "unary", cells: ["1"], details: [["100/s"], ["2 ms"]] }];
  expect(table(["flagd"], lines, ["throughput", "p99"]).split("\n")).toEqual([
    "| work | flagd | ratio | target | throughput, flagd | p99, flagd |",
    "| --- | --- | --- | --- | --- | --- |",
    "| unary | 1 |  |  | 100/s | 2 ms |",
  ]);
});

test("no text breaks out of its cell", () => {
  const line = failedLine("unary", new Error("first | second\nthird"));
  const [, , row = ""] = table(["flagd"], [line]).split("\n");
  expect(row).toBe("| unary | **failed:** first \\| second third |  |  |");
});

test("a ratio says how many times smaller ours is", () => {
  expect(ratioOf([10, 25])).toBe(2.5);
  expect(ratioOf([10])).toBeUndefined();
  const line = medianLine(
    "start",
    [
      [1, 9, 2],
      [8, 8, 8],
    ],
    (ms) => ms,
    String,
    "1×",
  );
  expect(line).toEqual({ work: "start", cells: ["2", "8"], ratio: 4, target: "1×" });
});

test("a measurement that fails has a line that says so, and the others are made", async () => {
  const bench = { contenders: [], rounds: 1, seconds: 1, repetitions: 1, requests: 1, folder: "" };
  const { lines, failed } = await runAll(
    [
      { id: "bad", run: async () => Promise.reject(new Error("no answer")) },
      { id: "good", run: async () => [{ work: "good", cells: ["1"] }] },
    ],
    bench,
    () => {},
  );
  expect(failed).toEqual(["bad"]);
  expect(lines).toEqual([
    { work: "bad", cells: ["**failed:** no answer"] },
    { work: "good", cells: ["1"] },
  ]);
});
