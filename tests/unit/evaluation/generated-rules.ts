import fc from "fast-check";
import type { Json, JsonObject } from "../../../src/core/json.ts";
import { operators } from "../../../src/evaluation/operators/table.ts";

const names = [...operators.keys()];
const paths = ["", "a", "b", "list", "list.0", "user.email", "$flagd.timestamp", "$flagd.flagKey"];

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    false,
    0,
    1,
    -1,
    25,
    50,
    1e9,
    "",
    "on",
    "off",
    "a",
    "1",
    "1.2.3",
  ),
  fc.constantFrom<Json>(...paths),
  fc.constantFrom<Json>("=", ">=", "^", "~", "[object Object]", "__proto__", "ö😀"),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ maxLength: 8 }),
);

/** Rules of every operator, in every place where a value may stand, right or wrong. */
export const rules: fc.Arbitrary<Json> = fc.letrec<{ rule: Json }>((tie) => ({
  rule: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    scalar,
    fc.constantFrom<Json>(...paths.map((path) => ({ var: path }))),
    fc
      .tuple(fc.constantFrom(...names), fc.array(tie("rule"), { maxLength: 4 }))
      .map(([name, args]): Json => ({ [name]: args })),
    fc
      .tuple(fc.constantFrom(...names, "bogus", "$ref"), tie("rule"))
      .map(([name, operand]): Json => ({ [name]: operand })),
    fc.array(tie("rule"), { maxLength: 3 }),
    // What flags mostly are.
    fc.tuple(tie("rule"), tie("rule"), tie("rule")).map((args): Json => ({ if: args })),
    fc
      .array(fc.tuple(fc.constantFrom("on", "off"), fc.integer({ min: -1, max: 100 })), {
        minLength: 1,
        maxLength: 4,
      })
      .map((arms): Json => ({ fractional: arms })),
  ),
})).rule;

/** Contexts that those rules read. */
export const contexts: fc.Arbitrary<JsonObject> = fc.record(
  {
    targetingKey: fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom<Json>("", null, 7)),
    a: scalar,
    b: fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
    list: fc.array(fc.oneof(scalar, fc.record({ a: scalar })), { maxLength: 4 }),
    user: fc.record({ email: fc.constantFrom("a@example.com", "") }),
  },
  { requiredKeys: [] },
);
