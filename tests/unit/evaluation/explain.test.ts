import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Json, JsonObject } from "../../../src/core/json.ts";
import { type Explanation, explain } from "../../../src/evaluation/explain.ts";
import { operators } from "../../../src/evaluation/operators/table.ts";
import { prepareFlag } from "../../../src/evaluation/prepare.ts";
import type { Step } from "../../../src/evaluation/trace.ts";
import { parseDocument } from "../../../src/flags/document.ts";
import { originOf, unknownOrigin } from "../../../src/flags/origin.ts";
import { define, second } from "./definitions.ts";
import { contexts, rules } from "./generated-rules.ts";

const now = () => second * 1000;

/** Runs of the law; once in a while more: LAW_RUNS=100000. */
const runs = Number(process.env.LAW_RUNS ?? 2_000);

function explained(targeting: Json, context: JsonObject = {}, fractional: "v2" | "v3" = "v2") {
  const env = { now, fractional };
  return explain(define({ targeting }), { ...unknownOrigin, targeting }, { ...context }, env);
}

/** The rule, which has run. */
function stepsOf(explanation: Explanation): Step {
  if (explanation.targeting === undefined) throw new Error("no targeting has run");
  return explanation.targeting;
}

describe("the law: an explained evaluation is the evaluation", () => {
  test.each(["v2", "v3"] as const)(
    "of any rule and context, with fractional %s",
    (fractional) => {
      fc.assert(
        fc.property(rules, contexts, (targeting, context) => {
          const definition = define({ targeting, variants: { on: 1, off: 0, a: "a", true: true } });
          const reports: string[] = [];
          const report = (_level: string, _key: string, message: string) => {
            reports.push(message);
          };
          const flag = prepareFlag(definition, { now, fractional, report });
          const outcome = flag.fixed ?? flag.evaluate({ ...context });
          const explanation = explain(
            definition,
            { ...unknownOrigin, targeting },
            { ...context },
            {
              now,
              fractional,
            },
          );
          expect({ ...explanation.outcome, memo: [] }).toEqual({ ...outcome, memo: [] });
          if (flag.fixed) return;
          // The tree ends in the answer: what its root came to is what the outcome was made of.
          const root = stepsOf(explanation);
          expect(root.rule).toEqual(targeting);
          if (outcome.reason === "TARGETING_MATCH" && typeof root.results[0] === "string")
            expect(root.results[0]).toBe(outcome.variant as string);
          if (outcome.reason === "DEFAULT") expect(root.results[0] ?? null).toBeNull();
          if (root.error !== undefined) expect(outcome.errorCode).toBe("PARSE_ERROR");
        }),
        { numRuns: runs },
      );
    },
    600_000,
  );

  test("also of a rule that is nested as deeply as documents may be", () => {
    let targeting: Json = { "==": [{ var: "a" }, 1] };
    for (let i = 0; i < 1_000; i++) targeting = { if: [{ "!": [false] }, targeting, "off"] };
    const definition = define({ targeting, variants: { true: "yes", off: "no" } });
    const { outcome } = explain(definition, unknownOrigin, { a: 1 }, { now, fractional: "v2" });
    expect(outcome.value).toBe("yes");
  });

  test("also of a rule that takes more than its budget", () => {
    const targeting: Json = { some: [{ var: "list" }, { in: [{ var: "" }, "x".repeat(600)] }] };
    const list = Array.from({ length: 90_000 }, (_, i) => `${i}`);
    const { outcome, why } = explained(targeting, { list });
    expect(outcome.errorCode).toBe("PARSE_ERROR");
    expect(why).toContain("more than 100000 steps");
  });

  test.each([...operators.values()].map(({ name, example }) => [name, example] as const))(
    "the operator %s tells what it came to",
    (_, example) => {
      const root = stepsOf(explained(example, { targetingKey: "u", visits: 3, email: "x" }));
      expect(root.runs).toBe(1);
      expect(root.results.length + (root.error === undefined ? 0 : 1)).toBe(1);
      expect(root.parts.length).toBeGreaterThan(0);
    },
  );
});

describe("the tree", () => {
  test("says which branch decided, and which were not reached", () => {
    const targeting: Json = {
      if: [
        { "==": [{ var: "plan" }, "free"] },
        "off",
        { ">=": [{ var: "age" }, 18] },
        { and: [{ var: "beta" }, "on"] },
        "off",
      ],
    };
    const root = stepsOf(explained(targeting, { plan: "pro", age: 18, beta: true }));
    expect(root.parts.map(({ path, runs, results }) => [path, runs, results])).toEqual([
      ["targeting.if[0]", 1, [false]],
      ["targeting.if[1]", 0, ["off"]],
      ["targeting.if[2]", 1, [true]],
      ["targeting.if[3]", 1, ["on"]],
      ["targeting.if[4]", 0, ["off"]],
    ]);
    expect(root.decidedBy?.path).toBe("targeting.if[3]");
    expect(root.decidedBy?.decidedBy?.path).toBe("targeting.if[3].and[1]");
    expect(root.parts[0]?.parts[0]?.results).toEqual(["pro"]);
  });

  test("a condition that fails without anything behind it decides nothing", () => {
    const root = stepsOf(explained({ if: [{ var: "a" }, "on"] }));
    expect(root.results).toEqual([null]);
    expect(root.decidedBy).toBeUndefined();
  });

  test("equal arguments have places of their own", () => {
    const same: Json = { var: "a" };
    const root = stepsOf(explained({ cat: [same, "x", same, "x"] }, { a: 1 }));
    expect(root.parts.map(({ path }) => path)).toEqual([
      "targeting.cat[0]",
      "targeting.cat[1]",
      "targeting.cat[2]",
      "targeting.cat[3]",
    ]);
  });

  test("a rule that runs for each element keeps the first results and counts all", () => {
    const list = Array.from({ length: 25 }, (_, i) => i);
    const root = stepsOf(
      explained({ filter: [{ var: "list" }, { ">": [{ var: "" }, 3] }] }, { list }),
    );
    const rule = root.parts[1];
    expect(rule?.runs).toBe(25);
    expect(rule?.results).toEqual([false, false, false, false, ...Array(6).fill(true)]);
  });

  test("an operation that fails says why, and so do those around it", () => {
    const { why, targeting } = explained({ if: [{ bogus: [1] }, "on"] });
    expect(why).toBe('error applying targeting rules: The operator "bogus" is not supported');
    expect(targeting?.parts[0]?.error).toBe('The operator "bogus" is not supported');
    expect(targeting?.parts[1]?.runs).toBe(0);
  });

  test("what an operation cannot use is told there", () => {
    const { targeting } = explained(
      { sem_ver: [{ var: "version" }, ">=", "1.0.0"] },
      { version: "x" },
    );
    expect(targeting?.notes).toEqual([
      'flag "f": the attribute "version" is not a version, so sem_ver gives null',
    ]);
  });
});

describe("fractional", () => {
  const arms: Json = [
    ["on", 30],
    ["off", 70],
  ];

  test("tells what was hashed, the bucket and the share that won", () => {
    const { outcome, targeting } = explained({ fractional: arms }, { targetingKey: "user-1" });
    const bucket = targeting?.bucket;
    expect(bucket?.by).toEqual(["f", "user-1"]);
    expect(bucket?.hash).toBe(Bun.hash.murmur32v3("fuser-1", 0));
    expect(bucket?.bucket).toBe(Math.floor(((bucket?.hash ?? 0) * 100) / 2 ** 32));
    expect(bucket?.arms).toEqual([
      { variant: "on", from: 0, to: 30 },
      { variant: "off", from: 30, to: 100 },
    ]);
    expect(bucket?.arms[bucket.won]?.variant).toBe(outcome.variant);
  });

  test("by an attribute, and by CBOR in v3", () => {
    const rule: Json = { fractional: [{ var: "email" }, ...(arms as Json[])] };
    const v2 = explained(rule, { email: "a@x" }).targeting?.bucket;
    expect([v2?.by, v2?.hash]).toEqual(["a@x", Bun.hash.murmur32v3("a@x", 0)]);
    const v3 = explained(rule, { email: "a@x" }, "v3").targeting?.bucket;
    expect(v3?.by).toBe("a@x");
    expect(v3?.hash).toBe(Bun.hash.murmur32v3(Buffer.from("\x63a@x"), 0));
  });

  test("without a key there is no bucket, and a note", () => {
    const { targeting } = explained({ fractional: arms });
    expect(targeting?.bucket).toBeUndefined();
    expect(targeting?.notes.join()).toContain("the context has no targetingKey");
  });
});

describe("where things come from", () => {
  const document = JSON.stringify({
    metadata: { team: "storefront", owner: "everybody" },
    $evaluators: {
      staff: { $ref: "employees" },
      employees: { in: [{ var: "email" }, { $ref: "domains" }] },
      domains: ["@a", "@b"],
      limit: 1800,
    },
    flags: {
      f: {
        variants: { on: true, off: false },
        defaultVariant: "off",
        metadata: { owner: "f" },
        targeting: {
          if: [{ or: [{ $ref: "staff" }, { ">": [{ var: "n" }, { $ref: "limit" }] }] }, "on"],
        },
      },
    },
  });
  const parsed = parseDocument(document, {
    format: "json",
    strict: false,
    checkTargeting: () => {},
  });
  const [flag] = parsed.ok ? parsed.flagSet.flags : [];
  if (!flag) throw new Error("the document is right");
  const { targeting, metadata } = explain(
    flag,
    originOf(flag, document, "json"),
    { email: "@b", n: 1 },
    { now, fractional: "v2" },
  );

  test("a reference is named where it stands, also through another and to a value", () => {
    const [first, second] = targeting?.parts[0]?.parts ?? [];
    expect(first?.references).toEqual(["staff", "employees"]);
    expect(first?.parts[1]?.references).toEqual(["domains"]);
    expect(second?.references).toEqual([]);
    expect(second?.parts[1]?.references).toEqual(["limit"]);
  });

  test("metadata tells its level", () => {
    expect(metadata).toEqual([
      { name: "owner", value: "f", level: "flag" },
      { name: "team", value: "storefront", level: "document" },
    ]);
  });

  test.each([
    [
      "an array of flags",
      '{"flags":[{"key":"f","targeting":{"a":1}},{"key":"f","targeting":{"b":1}}]}',
      { b: 1 },
    ],
    ["YAML", "flags:\n  f:\n    targeting: {b: 1}\n", { b: 1 }],
    ["no such flag", '{"flags":{}}', undefined],
    ["what is no document", "[]", undefined],
  ])("of %s", (_, text, expected) => {
    const origin = originOf({ key: "f", flagSetId: undefined }, text, "any");
    expect(origin.targeting).toEqual(expected);
  });

  test("flags of one key in two flag sets are told apart", () => {
    const flags = ["x", "y"].map((flagSetId) => ({
      key: "f",
      targeting: flagSetId,
      metadata: { flagSetId },
    }));
    const text = JSON.stringify({ flags });
    expect(originOf({ key: "f", flagSetId: "x" }, text, "json").targeting).toBe("x");
    expect(originOf({ key: "f", flagSetId: "y" }, text, "json").targeting).toBe("y");
  });
});

describe("why", () => {
  const of = (parts: Parameters<typeof define>[0]) =>
    explain(define(parts), unknownOrigin, {}, { now, fractional: "v2" }).why;
  test.each([
    [{ state: "DISABLED" }, "the flag is disabled: callers use their own default"],
    [{}, 'the flag has no targeting, and the default variant "off" applies'],
    [
      { defaultVariant: undefined },
      "the flag has no targeting, and there is no default variant: callers use their own default",
    ],
    [
      { targeting: { if: [false, "on"] } },
      'the targeting selects nothing (null), and the default variant "off" applies',
    ],
    [{ targeting: "on" }, 'the targeting selects the variant "on"'],
    [
      { targeting: "onn" },
      'the targeting gives "onn", which is the name of no variant; there are "off", "on"',
    ],
    [
      { targeting: { "/": [1, 0] } },
      "error applying targeting rules: the result is not a finite number",
    ],
  ] as [Parameters<typeof define>[0], string][])("%j", (parts, why) => expect(of(parts)).toBe(why));
});
