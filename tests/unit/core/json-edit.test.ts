import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import type { Json } from "../../../src/core/json.ts";
import { removeFromJson, setInJson } from "../../../src/core/json-edit.ts";

// Many runs of one law; a busy machine may be slow.
setDefaultTimeout(60_000);

const pretty = `{
  "a": { "b": 1.50, "c": [1, 2] },
  "d": {},
  "e": "x"
}
`;

describe("what is not edited stays as it is written", () => {
  test.each<[path: (string | number)[], value: Json, after: string]>([
    [["a", "c", 0], 9, pretty.replace("[1, 2]", "[9, 2]")],
    [["a", "c", 2], 3, pretty.replace("[1, 2]", "[1, 2, 3]")],
    [["a", "z"], true, pretty.replace("[1, 2]", '[1, 2], "z": true')],
    [["d", "z"], 1, pretty.replace('"d": {}', '"d": {\n    "z": 1\n  }')],
    [["f"], { g: 1 }, pretty.replace('"x"', '"x",\n  "f": {\n    "g": 1\n  }')],
  ])("%j is set", (path, value, after) => {
    expect(setInJson(pretty, path, value)).toBe(after);
  });

  test.each<[path: (string | number)[], after: string]>([
    [["a", "b"], pretty.replace('"b": 1.50, ', "")],
    [["a", "c"], pretty.replace(', "c": [1, 2]', "")],
    [["a", "c", 1], pretty.replace("[1, 2]", "[1]")],
    [["d"], pretty.replace('"d": {},\n  ', "")],
    [["e"], pretty.replace(',\n  "e": "x"', "")],
    [["none", "there"], pretty],
  ])("%j is removed", (path, after) => {
    expect(removeFromJson(pretty, path)).toBe(after);
  });
});

test("a text in one line stays in one", () => {
  expect(setInJson('{"a":{}}', ["a", "b"], { c: [1] })).toBe('{"a":{"b":{"c":[1]}}}');
});

test("of a name given twice the last one is edited, for it counts", () => {
  expect(setInJson('{"a":1,"a":2}', ["a"], 3)).toBe('{"a":1,"a":3}');
});

test("there must be a place for the value", () => {
  expect(() => setInJson('{"a":1}', ["a", "b"], 1)).toThrow("a has no place for b");
  expect(() => setInJson('{"a":[]}', ["a", "b"], 1)).toThrow("a has no place for b");
});

/** As a text can say it: JSON.stringify writes -0 as 0. */
const json = fc.jsonValue({ maxDepth: 3 }).map((value): Json => JSON.parse(JSON.stringify(value)));
const name = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 3 }).filter((text) => text !== "__proto__"),
  fc.constantFrom("a", 'q"', "\\", "}"),
);
const spaces = fc.constantFrom(undefined, 1, 2, "\t");

test("an edited text means what the edited value means, however it is written", () => {
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.dictionary(name, json)),
      name,
      name,
      json,
      spaces,
      (object, outer, inner, value, indent) => {
        const text = JSON.stringify(object, null, indent);
        const parent = { ...object[outer] };
        if (Object.hasOwn(object, outer)) {
          const edited = setInJson(text, [outer, inner], value);
          expect(JSON.parse(edited)).toEqual({ ...object, [outer]: { ...parent, [inner]: value } });
          delete parent[inner];
          const removed = removeFromJson(edited, [outer, inner]);
          expect(JSON.parse(removed)).toEqual({ ...object, [outer]: parent });
        }
        expect(JSON.parse(setInJson(text, [outer], value))).toEqual({ ...object, [outer]: value });
        const { [outer]: _, ...others } = object;
        expect(JSON.parse(removeFromJson(text, [outer]))).toEqual(others);
      },
    ),
    { numRuns: 200 },
  );
});
