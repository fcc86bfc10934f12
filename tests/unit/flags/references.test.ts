import { describe, expect, test } from "bun:test";
import { accepted, onlyFlag, plain, rejected } from "./support.ts";

const withTargeting = (targeting: unknown, $evaluators: unknown) => ({
  $evaluators,
  flags: { a: { ...plain, targeting } },
});
const rule = { "==": [{ var: "a" }, 1] };

describe("references", () => {
  test.each(['{"$ref":"r"}', '{ "$ref" :\n "r" }', '{"\\u0024ref":"\\u0072"}'])(
    "%s is one",
    (reference) => {
      const text = `{"$evaluators":{"r":{"!":[1]}},"flags":{"a":{"targeting":${reference}}}}`;
      expect(onlyFlag(text).targeting).toEqual({ "!": [1] });
    },
  );

  test.each([{ $ref: "r", other: 1 }, { $ref: 5 }, { $Ref: "r" }])("%j is a literal", (literal) => {
    expect(onlyFlag(withTargeting(literal, { r: rule })).targeting).toEqual(literal);
  });

  test("are replaced anywhere: in arguments, variants, metadata, as a whole flag", () => {
    const { flagSet } = accepted({
      $evaluators: { r: rule, object: { deep: [1] }, flag: plain },
      metadata: { m: { $ref: "object" } },
      flags: {
        a: { variants: { x: { $ref: "object" } }, targeting: { if: [{ $ref: "r" }, "x"] } },
        b: { $ref: "flag" },
      },
    });
    const [a, b] = flagSet.flags;
    expect(a?.variants?.get("x")).toEqual({ deep: [1] });
    expect(a?.targeting).toEqual({ if: [rule, "x"] });
    expect(a?.metadata).toEqual({ m: { deep: [1] } });
    expect(b?.defaultVariant).toBe("on");
  });

  test("are replaced inside evaluators, in any order of definition", () => {
    const evaluators = {
      outer: { and: [{ $ref: "middle" }, true] },
      middle: { $ref: "r" },
      r: rule,
    };
    expect(onlyFlag(withTargeting({ $ref: "outer" }, evaluators)).targeting).toEqual({
      and: [rule, true],
    });
  });

  test.each(["<a&b>", 'q"uote', "__proto__", "toString", ""])("may be called %p", (name) => {
    const text = `{"$evaluators":{${JSON.stringify(name)}:{"!":[1]}},
      "flags":{"a":{"targeting":{"$ref":${JSON.stringify(name)}}}}}`;
    expect(onlyFlag(text).targeting).toEqual({ "!": [1] });
  });

  test.each(["nope", "toString", "__proto__"])("to the undefined %s reject with path", (name) => {
    const document = withTargeting({ if: [true, { $ref: name }] }, { r: rule });
    expect(rejected(document)).toEqual([
      {
        path: "$.flags.a.targeting.if[1]",
        reason: `the reference "${name}" is not defined in "$evaluators"`,
      },
    ]);
  });

  test("to the undefined reject even in evaluators that nobody uses", () => {
    expect(rejected(withTargeting({}, { r: { "!": { $ref: "x" } } }))[0]?.path).toBe(
      '$.$evaluators.r["!"]',
    );
  });

  test("in a circle reject with path", () => {
    const circle = { a: { "!": [{ $ref: "b" }] }, b: { and: [1, { $ref: "a" }] } };
    expect(rejected({ $evaluators: circle, flags: {} })).toEqual([
      { path: "$.$evaluators.b.and[1]", reason: 'the reference "a" is circular' },
    ]);
    expect(rejected({ $evaluators: { a: { $ref: "a" } }, flags: {} })).toHaveLength(1);
  });

  test("that expand a short document beyond all bounds reject at once", () => {
    const doubling: Record<string, unknown> = { e0: rule };
    for (let i = 1; i < 80; i++) {
      doubling[`e${i}`] = { and: [{ $ref: `e${i - 1}` }, { $ref: `e${i - 1}` }] };
    }
    const problems = rejected(withTargeting({ $ref: "e79" }, doubling));
    expect(problems).toHaveLength(1);
    expect(problems[0]?.reason).toContain("references expand the document by more than");
  });

  test("in a chain of any length do not exhaust the stack", () => {
    const chain: Record<string, unknown> = {};
    for (let i = 20_000; i > 0; i--) chain[`e${i}`] = { "!": [{ $ref: `e${i - 1}` }] };
    chain.e0 = rule;
    expect(rejected({ $evaluators: chain, flags: {} })[0]?.reason).toContain("nested more than");
  });

  test("share what they refer to", () => {
    const { flagSet } = accepted({
      $evaluators: { r: rule },
      flags: { a: { targeting: { $ref: "r" } }, b: { targeting: { $ref: "r" } } },
    });
    const [a, b] = flagSet.flags;
    expect(a?.targeting).toEqual(rule);
    expect(a?.targeting === b?.targeting).toBe(true);
  });
});

describe("$evaluators", () => {
  test.each([null, undefined, {}])("may be %j", ($evaluators) => {
    expect(accepted({ $evaluators, flags: {} }).warnings).toEqual([]);
  });

  test.each([[[]], ["x"], [5]])("that is %j rejects", ($evaluators) => {
    expect(rejected({ $evaluators, flags: {} })[0]?.path).toBe("$.$evaluators");
  });

  test.each([[{}], [[]], [12], [""]])("a body %j is empty and rejects", (body) => {
    expect(rejected({ $evaluators: { r: body }, flags: {} })).toEqual([
      { path: "$.$evaluators.r", reason: "the evaluator is empty: write a rule" },
    ]);
  });

  test.each([123, null, "off", true])("a body %j loads with a warning", (body) => {
    const document = withTargeting({ $ref: "r" }, { r: body });
    expect(onlyFlag(document).targeting).toEqual(body);
    expect(accepted(document).warnings[0]?.path).toBe("$.$evaluators.r");
  });
});
