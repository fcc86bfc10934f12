import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Json, JsonObject } from "../../../../src/core/json.ts";
import { jsonLogicOperators } from "../../../../src/evaluation/operators/table.ts";
import { evaluationLimits, grant } from "../../../../src/evaluation/rule/budget.ts";
import { compileRule } from "../../../../src/evaluation/rule/compile.ts";
import { jsonLogic } from "./oracle.ts";

/*
 * json-logic-js decides what a rule answers. Left out, because decided otherwise:
 * - names that data inherit or that reach a prototype, and `log`: see safety.test.ts;
 * - names with a dot, by which json-logic-js reaches members of its own functions;
 * - objects with one member as keys of `missing` and `missing_some`: json-logic-js would run them
 *   as rules a second time, also if they come from data.
 */
const names = ["a", "b", "c", "list", "", "0", "1", "length", "current", "accumulator", "$flagd"];
const name = fc.constantFrom(...names);
const path = fc.oneof(
  name,
  fc.tuple(name, name).map(([a, b]) => `${a}.${b}`),
  fc.tuple(name, name, name).map((parts) => parts.join(".")),
);
const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, "", "0", " ", "1", "-1", "a", "b", "ab", "10", "1e2"),
  fc.integer({ min: -5, max: 12 }),
  fc.constantFrom(0.5, -1.5, 1e21, 1e-7),
  fc.string({ maxLength: 4 }),
);
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }) as fc.Arbitrary<Json>,
  ),
}));
const data = fc.dictionary(name, value, { noNullPrototype: true }) as fc.Arbitrary<JsonObject>;

const operatorsOfAny = [...jsonLogicOperators.map(({ name }) => name), "bogus"].filter(
  (operator) => !operator.startsWith("missing") && operator !== "var",
);
const keys = fc.oneof(path, fc.array(path, { maxLength: 3 }));
const { rule } = fc.letrec<{ rule: Json }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    path.map((of) => ({ var: of })),
    fc.tuple(path, tie("rule")).map((args) => ({ var: args })),
    tie("rule").map((of) => ({ var: of })),
    keys.map((of) => ({ missing: of })),
    fc.tuple(fc.nat(3), keys).map((args) => ({ missing_some: args })),
    fc
      .tuple(fc.constantFrom("map", "filter", "all", "some", "none"), tie("rule"), tie("rule"))
      .map(([operator, list, body]) => ({ [operator]: [list, body] })),
    fc
      .tuple(fc.constantFrom(...operatorsOfAny), fc.array(tie("rule"), { maxLength: 4 }))
      .map(([operator, args]) => ({ [operator]: args })),
    fc
      .tuple(fc.constantFrom(...operatorsOfAny), tie("rule"))
      .map(([operator, operand]) => ({ [operator]: operand })),
    fc.array(tie("rule"), { maxLength: 12 }),
    fc.constantFrom<Json>({}, { a: 1, b: { bogus: 1 } }),
  ),
}));

test("a compiled rule answers what json-logic-js answers, or fails if it throws", () => {
  fc.assert(
    fc.property(rule, data, (rule, data) => {
      expect(attempt(() => ours(rule, data))).toStrictEqual(
        attempt(() => jsonLogic.apply(rule, data)),
      );
    }),
    { numRuns: 4000 },
  );
});

test("a rule that is not said to observe $flagd answers the same without it", () => {
  fc.assert(
    fc.property(rule, data, (rule, data) => {
      const compiled = compile(rule);
      fc.pre(!compiled.observesFlagd);
      const { $flagd, ...without } = data;
      const added = { ...without, $flagd: { flagKey: "f", timestamp: 1 } };
      expect(attempt(() => compiled.run(without))).toStrictEqual(
        attempt(() => compiled.run(added)),
      );
    }),
    { numRuns: 2000 },
  );
});

function ours(rule: Json, data: JsonObject): unknown {
  return compile(rule).run(data);
}

function compile(rule: Json) {
  return compileRule(rule, { flagKey: "f", fractional: "v2", report: () => {} });
}

/** What is compared: the result, or that there was none. */
function attempt(evaluate: () => unknown): { readonly result: unknown } | "throws" {
  // Of the whole process: other tests may have spent it.
  grant(evaluationLimits.steps);
  try {
    return { result: evaluate() };
  } catch {
    return "throws";
  }
}
