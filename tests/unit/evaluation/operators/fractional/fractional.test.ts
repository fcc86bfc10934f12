import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Json, JsonObject } from "../../../../../src/core/json.ts";
import {
  type Distribution,
  pick,
} from "../../../../../src/evaluation/operators/fractional/distribution.ts";
import { variantName } from "../../../../../src/evaluation/variant-name.ts";
import { readData, readObject } from "../../read-data.ts";
import { runRule } from "../../rules.ts";

interface Worked {
  readonly flagKey: string;
  readonly arms: Json;
  readonly context: JsonObject;
  readonly text: string;
  readonly hash: number;
  readonly total: number;
  readonly bucket: number;
  readonly variant: string;
}

interface Special {
  readonly arms: Json;
  readonly context: JsonObject;
  readonly name?: string | null;
  readonly parseError?: true;
  readonly log: string;
}

describe("worked examples", () => {
  test.each(readData<Worked>("fractional").map((row) => [JSON.stringify(row), row] as const))(
    "%s",
    (_, { flagKey, arms, context, hash, total, bucket, variant }) => {
      expect(runRule({ fractional: arms }, context, flagKey).result).toBe(variant);
      expect(pick(around(bucket, total), hash)).toBe("at");
    },
  );
});

describe("special and invalid input", () => {
  test.each(
    readData<Special>("fractional-special").map((row) => [JSON.stringify(row), row] as const),
  )("%s", (_, { arms, context, name, parseError, log }) => {
    const run = () => runRule({ fractional: arms }, context);
    if (parseError) return expect(run).toThrow(Error);
    const { result, reports } = run();
    expect(result === null ? null : variantName(result)).toBe(name ?? null);
    // What a client left out is told otherwise than Go does, see below.
    const messages = reports
      .filter(({ severity }) => severity !== "info")
      .map(({ message }) => message.replace("parse fractional evaluation data: ", ""));
    if (messages.length < reports.length) return expect(result).toBeNull();
    // A weight of -1 in each of two arms is said twice.
    expect([...new Set(messages)]).toEqual(log === "" ? [] : [log]);
  });

  test.each([
    [{}, "the context has no targetingKey"],
    [{ targetingKey: "" }, "the context has no targetingKey"],
    [{ targetingKey: null }, "the context has no targetingKey"],
    [{ targetingKey: 5 }, "the context has a targetingKey that is not a text"],
    [{ targetingKey: "u", key: 5 }, 'the attribute "key" is not a text'],
  ])("the context %j is no fault of the rule", (context, problem) => {
    const { result, reports } = runRule({ fractional: [{ var: "key" }, ["a"], ["b"]] }, context);
    expect(result).toBeNull();
    const message = `flag "f": ${problem}, so fractional gives null`;
    expect(reports).toEqual([{ severity: "info", message }]);
  });

  test("a weight clamped is a matter of debugging, what gives null is a warning", () => {
    expect(runRule({ fractional: [["a", -1], ["b"]] }, { targetingKey: "u" })).toEqual({
      result: "b",
      reports: [{ severity: "debug", message: 'flag "f": negative weight -1 clamped to 0' }],
    });
    expect(runRule({ fractional: [["a", "x"]] }, { targetingKey: "u" }).reports).toEqual([
      {
        severity: "warn",
        message: 'parse fractional evaluation data: flag "f": weight must be a number',
      },
    ]);
  });
});

describe("within a list operator the data is the element", () => {
  const rule = {
    map: [
      { var: "users" },
      {
        fractional: [
          ["a", 1],
          ["b", 3],
        ],
      },
    ],
  };

  test("its targetingKey is hashed, without a flag key", () => {
    const users = ["u1", "u2", "u3", "u4"].map((targetingKey) => ({ targetingKey }));
    const alone = users.map(
      ({ targetingKey }) => runRule({ fractional: [targetingKey, ["a", 1], ["b", 3]] }, {}).result,
    );
    expect(runRule(rule, { users }).result).toEqual(alone);
  });

  test("an element that is no object gives null", () => {
    const { result, reports } = runRule(rule, { users: [1, null, ["x"]] });
    expect(result).toEqual([null, null, null]);
    expect(reports).toHaveLength(3);
  });
});

test("the same arms give the same variant whether they are constant or come from data", () => {
  const arm = fc.tuple(fc.constantFrom("a", "b", null, true), fc.oneof(fc.nat(), fc.constant(1.5)));
  fc.assert(
    fc.property(fc.array(arm, { maxLength: 4 }), fc.string(), (arms, targetingKey) => {
      const constant = runRule({ fractional: arms }, { targetingKey, arms });
      const fromData = runRule({ fractional: { var: "arms" } }, { targetingKey, arms });
      expect(fromData).toEqual(constant);
    }),
  );
});

test("the bucket is floor(hash × total / 2³²), exactly, for every hash and total", () => {
  const unsigned = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const sum = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(unsigned, sum, (hash, total) => {
      const bucket = Number((BigInt(hash) * BigInt(total)) >> 32n);
      expect(pick(around(bucket, total), hash)).toBe("at");
    }),
    { numRuns: 2000 },
  );
});

function around(bucket: number, total: number): Distribution {
  const bounds = [bucket, bucket + 1, total + 1];
  return { variants: ["below", "at", "above"], bounds, total, clamped: [] };
}

describe("version 3", () => {
  interface Vectors {
    /** Flag key → targetingKey → bucket of a thousand equal ones. */
    readonly users: Readonly<Record<string, Readonly<Record<string, number>>>>;
    /** Value to bucket by, and the bucket. */
    readonly values: readonly (readonly [value: Json, bucket: number])[];
  }
  const { users, values } = readObject<Vectors>("fractional-v3");
  const thousand = Array.from({ length: 1000 }, (_, i) => [i]);
  const run = (args: Json, context: JsonObject, flagKey = "f") =>
    runRule({ fractional: args }, context, flagKey, "v3");

  test.each(
    Object.entries(users).flatMap(([flagKey, buckets]) =>
      Object.entries(buckets).map(([user, bucket]) => [flagKey, user, bucket] as const),
    ),
  )("%s puts the user %s into bucket %d", (flagKey, targetingKey, bucket) => {
    expect(run(thousand, { targetingKey }, flagKey).result).toBe(bucket);
  });

  test.each(values)("%j is put into bucket %d", (value, bucket) => {
    expect(run([{ var: "by" }, ...thousand], { by: value }).result).toBe(bucket);
    // Members in any order, and negative zero, are the same value.
    const text = JSON.stringify(value, (_, part) => (isObject(part) ? reversed(part) : part));
    expect(run([{ var: "by" }, ...thousand], { by: JSON.parse(text) }).result).toBe(bucket);
    expect(run({ var: "all" }, { all: [value, ...thousand] }).result).toBe(
      Array.isArray(value) ? null : bucket,
    );
  });

  test("negative zero is zero", () => {
    expect(run([{ var: "by" }, ...thousand], { by: -0 })).toEqual(
      run([{ var: "by" }, ...thousand], { by: 0 }),
    );
  });

  test.each([
    [{}, 'the context has no attribute "by"'],
    [{ by: null, targetingKey: "u" }, 'the context has no attribute "by"'],
  ])("nothing to bucket by in %j gives null", (context, problem) => {
    expect(run([{ var: "by" }, ["a"], ["b"]], context)).toEqual({
      result: null,
      reports: [{ severity: "info", message: `flag "f": ${problem}, so fractional gives null` }],
    });
  });

  test("null in the rule itself is the rule's fault", () => {
    expect(run([null, ["a"], ["b"]], { targetingKey: "u" })).toMatchObject({
      result: null,
      reports: [{ severity: "warn" }],
    });
  });

  test.each([{}, { targetingKey: "" }, { targetingKey: 5 }])(
    "no user in %j gives null",
    (context) => {
      expect(run([["a"], ["b"]], context).result).toBeNull();
    },
  );

  test("weights are those of version 2", () => {
    expect(
      run(
        [
          ["a", 0],
          ["b", 3],
        ],
        { targetingKey: "u" },
      ).result,
    ).toBe("b");
    expect(
      run(
        [
          ["a", -1],
          ["b", 1.5],
        ],
        { targetingKey: "u" },
      ).result,
    ).toBeNull();
  });
});

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function reversed(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).reverse());
}
