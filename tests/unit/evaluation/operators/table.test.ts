import { describe, expect, test } from "bun:test";
import type { Json, JsonObject } from "../../../../src/core/json.ts";
import { variantName } from "../../../../src/evaluation/variant-name.ts";
import { readData } from "../read-data.ts";
import { runRule } from "../rules.ts";

interface Difference {
  readonly rule: Json;
  readonly data: JsonObject;
  readonly flagKey?: string;
  readonly result?: Json;
  readonly throws?: true;
  readonly nonFinite?: "NaN" | "Infinity" | "-Infinity";
}

interface Agreement {
  readonly rule: Json;
  readonly data: JsonObject;
  readonly flagKey?: string;
  readonly name?: string | null;
  readonly parseError?: true;
}

describe("json-logic-js for values on which engines differ", () => {
  test.each(readData<Difference>("json-logic-js").map((row) => [title(row), row] as const))(
    "%s",
    (_, { rule, data, flagKey, result, throws, nonFinite }) => {
      // json-logic-js has `log`, which prints; here it is no operator.
      if (throws || JSON.stringify(rule) === '{"log":"a"}')
        return expect(() => runRule(rule, data, flagKey)).toThrow(Error);
      const actual = runRule(rule, data, flagKey).result;
      if (nonFinite !== undefined) return expect(actual).toBe(Number(nonFinite));
      expect(zeroUnsigned(actual) ?? null).toEqual(result ?? null);
    },
  );
});

describe("JsonLogic for values on which engines agree", () => {
  test.each(readData<Agreement>("agreed").map((row) => [title(row), row] as const))(
    "%s",
    (_, { rule, data, flagKey, name, parseError }) => {
      if (parseError) return expect(() => runRule(rule, data, flagKey)).toThrow(Error);
      const { result } = runRule(rule, data, flagKey);
      expect(result === null || result === undefined ? null : variantName(result)).toBe(
        name ?? null,
      );
    },
  );
});

/** JSON does not tell -0 from 0. */
function zeroUnsigned(value: unknown): unknown {
  return value === 0 ? 0 : value;
}

function title({ rule, data }: { readonly rule: Json; readonly data: JsonObject }): string {
  return `${JSON.stringify(rule)} on ${JSON.stringify(data)}`;
}
