import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FindingList } from "../../../src/flags/findings.ts";
import { isPlain, maxDepth, resolveReferences } from "../../../src/flags/references.ts";
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

  const unresolved = "a rule that reaches it fails with PARSE_ERROR";

  test.each(["nope", "toString", "__proto__"])(
    "to the undefined %s stay, with a warning that has the path",
    (name) => {
      const document = withTargeting({ if: [true, { $ref: name }] }, { r: rule });
      expect(onlyFlag(document).targeting).toEqual({ if: [true, { $ref: name }] });
      const reason = `the reference "${name}" is not defined in "$evaluators": ${unresolved}`;
      const expected = [{ path: "$.flags.a.targeting.if[1]", reason }];
      expect(accepted(document).warnings).toEqual(expected);
      expect(rejected(document, "json", true)).toEqual(expected);
    },
  );

  test("to the undefined concern their own flag only", () => {
    const { flagSet } = accepted({
      flags: { ok: plain, bad: { ...plain, targeting: { $ref: "gone" } } },
    });
    expect(flagSet.flags.map(({ key }) => key)).toEqual(["ok", "bad"]);
  });

  test("to the undefined name what was surely meant", () => {
    const document = withTargeting({ $ref: "emplyees" }, { employees: rule });
    expect(accepted(document).warnings[0]?.reason).toContain('(did you mean "employees"?)');
  });

  test("to the undefined are told of even in evaluators that no flag uses", () => {
    expect(accepted(withTargeting({}, { r: { "!": { $ref: "x" } } })).warnings[0]?.path).toBe(
      '$.$evaluators.r["!"]',
    );
  });

  test("in variants and metadata stay as they are if they are undefined", () => {
    const variants = { on: { $ref: "gone" } };
    const flag = onlyFlag({ flags: { a: { variants, metadata: { m: { $ref: "gone" } } } } });
    expect(flag.variants?.get("on")).toEqual({ $ref: "gone" });
    expect(flag.metadata).toEqual({ m: { $ref: "gone" } });
  });

  test("that are no text are told of in rules", () => {
    const { warnings } = accepted(withTargeting({ if: [{ "!": { $ref: 5 } }, "on"] }, { r: rule }));
    expect(warnings).toEqual([
      {
        path: '$.flags.a.targeting.if[0]["!"].$ref',
        reason:
          "a reference is the name of an evaluator, found a number: evaluating it fails with PARSE_ERROR",
      },
    ]);
  });

  test("in a circle stay in one place of it, with a warning", () => {
    const circle = { a: { "!": [{ $ref: "b" }] }, b: { and: [1, { $ref: "a" }] } };
    expect(accepted({ $evaluators: circle, flags: {} }).warnings).toEqual([
      { path: "$.$evaluators.b.and[1]", reason: `the reference "a" is circular: ${unresolved}` },
    ]);
    expect(onlyFlag(withTargeting({ $ref: "a" }, circle)).targeting).toEqual({
      "!": [{ and: [1, { $ref: "a" }] }],
    });
    expect(accepted({ $evaluators: { a: { $ref: "a" } }, flags: {} }).warnings).toHaveLength(1);
  });

  test("that expand a short document beyond all bounds stay, and harm no other flag", () => {
    const doubling: Record<string, unknown> = { e0: rule };
    for (let i = 1; i < 80; i++) {
      doubling[`e${i}`] = { and: [{ $ref: `e${i - 1}` }, { $ref: `e${i - 1}` }] };
    }
    const flags = {
      huge: { ...plain, targeting: { $ref: "e79" } },
      small: { ...plain, targeting: { $ref: "e1" } },
    };
    const { flagSet, warnings } = accepted({ $evaluators: doubling, flags });
    expect(warnings[0]?.reason).toContain("expands the document by more than");
    expect(flagSet.flags[1]?.targeting).toEqual({ and: [rule, rule] });
  });

  test("in a chain of any length do not exhaust the stack, and harm no shorter one", () => {
    const chain: Record<string, unknown> = {};
    for (let i = 20_000; i > 0; i--) chain[`e${i}`] = { "!": [{ $ref: `e${i - 1}` }] };
    chain.e0 = rule;
    const { flagSet, warnings } = accepted({
      $evaluators: chain,
      flags: { a: { ...plain, targeting: { $ref: "e2" } } },
    });
    expect(warnings[0]?.reason).toContain("is nested more than");
    expect(flagSet.flags[0]?.targeting).toEqual({ "!": [{ "!": [rule] }] });
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

/** Values as JSON.parse makes them, with what is not plain here and there. */
const { value: json } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, "text", 0, -1.5, 1e300, "1e999"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("a", "b", "$ref", "__proto__", "0"), tie("value"), {
      maxKeys: 4,
    }),
    fc.constant({ $ref: "known" }),
  ),
}));

const parsed = (value: unknown) => JSON.parse(JSON.stringify(value).replaceAll('"1e999"', "1e999"));

/** Shared objects are always walked through, and these documents have none. */
function resolve(document: Readonly<Record<string, unknown>>, sharing: boolean) {
  const findings = { problems: new FindingList(), warnings: new FindingList() };
  const { flags, metadata } = resolveReferences(document, findings, sharing);
  const { problems, warnings } = findings;
  return { flags, metadata, problems: problems.toArray(), warnings: warnings.toArray() };
}

test("a document is resolved to the same, plain or not", () => {
  fc.assert(
    fc.property(json, json, (flags, metadata) => {
      const document = parsed({ flags, metadata, $evaluators: { known: { var: "a" } } });
      expect(resolve(document, false)).toEqual(resolve(document, true));
    }),
  );
});

test("what is plain is nested no deeper than documents may be", () => {
  const nested = (levels: number) => parsed(JSON.parse("[".repeat(levels) + "]".repeat(levels)));
  expect(isPlain(nested(maxDepth), maxDepth)).toBeTrue();
  expect(isPlain(nested(maxDepth + 1), maxDepth)).toBeFalse();
  expect(resolve({ flags: nested(maxDepth) }, false).problems).toEqual([]);
  expect(resolve({ flags: nested(maxDepth + 1) }, false).problems).not.toEqual([]);
});

test.each([{ $ref: "a" }, [[{ $ref: 1 }]], { a: [Number.POSITIVE_INFINITY] }])(
  "%j is not plain",
  (value) => {
    expect(isPlain(value, maxDepth)).toBeFalse();
  },
);
