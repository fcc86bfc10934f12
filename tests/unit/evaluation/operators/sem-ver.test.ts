import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Json, JsonObject } from "../../../../src/core/json.ts";
import { compareVersions, parseVersion } from "../../../../src/evaluation/operators/sem-ver.ts";
import { readData } from "../read-data.ts";
import { runRule } from "../rules.ts";

interface Example {
  readonly args: Json;
  readonly context: JsonObject;
  readonly result: boolean | null;
}

describe("examples", () => {
  test.each(readData<Example>("sem-ver").map((row) => [JSON.stringify(row), row] as const))(
    "%s",
    (_, { args, context, result }) => {
      const run = runRule({ sem_ver: args }, context);
      expect(run.result).toBe(result);
      const severity = JSON.stringify(args).includes('"var"') ? "info" : "error";
      expect(run.reports.map((report) => report.severity)).toEqual(
        result === null ? [severity] : [],
      );
    },
  );
});

test("a list from data is compared like a constant one", () => {
  for (const { args, context } of readData<Example>("sem-ver")) {
    if (Object.keys(context).length > 0 || JSON.stringify(args).includes("{")) continue;
    const fromData = runRule({ sem_ver: { var: "args" } }, { args });
    expect(fromData).toEqual(runRule({ sem_ver: args }, {}));
  }
});

test("a version of more than 256 characters is none", () => {
  const { result } = runRule({ sem_ver: [{ var: "v" }, ">=", "1.0.0"] }, { v: "9".repeat(256) });
  expect(result).toBe(true);
  expect(parseVersion("9".repeat(257))).toBeUndefined();
});

test.each([
  [{}, 'the context has no attribute "v"'],
  [{ v: "latest" }, 'the attribute "v" is not a version'],
])("the context %j is no fault of the rule", (data, problem) => {
  const { result, reports } = runRule({ sem_ver: [{ var: "v" }, ">=", "1.0.0"] }, data);
  expect(result).toBeNull();
  expect(reports).toEqual([
    { severity: "info", message: `flag "f": ${problem}, so sem_ver gives null` },
  ]);
});

test("a long version is cut in the message", () => {
  const { reports } = runRule(
    { sem_ver: [{ cat: [{ var: "v" }] }, "=", "1.0.0"] },
    { v: "x".repeat(10_000) },
  );
  expect(reports[0]?.message.length).toBeLessThan(300);
});

const number = fc.oneof(
  fc.nat(12).map(String),
  fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String),
);
const identifier = fc.oneof(number, fc.stringMatching(/^[0-9A-Za-z-]*[A-Za-z-][0-9A-Za-z-]*$/));
const version = fc
  .tuple(number, number, number, fc.array(identifier, { maxLength: 3 }))
  .map(([major, minor, patch, pre]) =>
    [`${major}.${minor}.${patch}`, pre.join(".")].filter(Boolean).join("-"),
  );

test("versions are ordered as Bun orders them", () => {
  // Bun holds numbers in 64 bits, so only what fits.
  const small = version.filter((text) => !/[0-9]{10}/.test(text));
  fc.assert(
    fc.property(small, small, (a, b) => {
      expect(Math.sign(order(a, b))).toBe(Bun.semver.order(a, b));
    }),
    { numRuns: 1000 },
  );
});

test("the order is total: antisymmetric and transitive", () => {
  fc.assert(
    fc.property(version, version, version, (...texts) => {
      const [a, b, c] = texts.toSorted(order) as [string, string, string];
      expect(order(a, b)).toBeLessThanOrEqual(0);
      expect(order(b, c)).toBeLessThanOrEqual(0);
      expect(order(a, c)).toBeLessThanOrEqual(0);
      expect(Math.sign(order(a, c)) + Math.sign(order(c, a))).toBe(0);
    }),
  );
});

function order(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (left === undefined || right === undefined) throw new Error(`${a} or ${b} is no version`);
  return compareVersions(left, right);
}
