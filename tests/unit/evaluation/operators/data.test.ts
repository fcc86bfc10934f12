import { describe, expect, spyOn, test } from "bun:test";
import type { Json, JsonObject } from "../../../../src/core/json.ts";
import { runRule } from "../rules.ts";

const parse = (text: string): JsonObject => JSON.parse(text);

describe("var shows nothing that data do not hold themselves", () => {
  test.each([
    "toString",
    "hasOwnProperty",
    "valueOf",
    "text.at",
    "text.constructor.name",
    "list.map",
    "list.length.toFixed",
    "yes.valueOf",
    "__proto__.toString",
  ])("%s", (path) => {
    expect(runRule({ var: [path, "none"] }, { text: "abc", list: [1], yes: true }).result).toBe(
      "none",
    );
    expect(runRule({ var: [{ cat: [path] }, "none"] }, { text: "abc", list: [1] }).result).toBe(
      "none",
    );
    expect(runRule({ missing: [path] }, { text: "abc", list: [1], yes: true }).result).toEqual([
      path,
    ]);
  });

  test.each(["__proto__", "constructor", "prototype"])("%s, not even where they do", (name) => {
    const data = parse(`{"${name}":{"a":1},"deep":{"${name}":2}}`);
    for (const path of [name, `${name}.a`, `deep.${name}`]) {
      expect(runRule({ var: path }, data).result).toBeNull();
      expect(runRule({ var: { cat: [path] } }, data).result).toBeNull();
    }
  });

  test("members of its own by an inherited name are shown", () => {
    expect(runRule({ var: "link" }, { link: "x" }).result).toBe("x");
    expect(runRule({ var: "a.toString" }, { a: { toString: "own" } }).result).toBe("own");
  });
});

test("an object with a member named indexOf is no haystack", () => {
  expect(runRule({ in: ["a", { var: "o" }] }, { o: { indexOf: 1 } }).result).toBe(false);
});

test("data are never run as rules", () => {
  const data = { keys: [{ cat: ["a", "b"] }], ab: 1, bad: [{ bogus: 1 }] };
  expect(runRule({ missing: { var: "keys" } }, data).result).toEqual(data.keys);
  expect(runRule({ missing_some: [1, { var: "bad" }] }, data).result).toEqual(data.bad);
  expect(runRule({ var: "keys" }, data).result).toEqual(data.keys);
});

test("log is not an operator and prints nothing", () => {
  const print = spyOn(console, "log").mockImplementation(() => {});
  try {
    expect(() => runRule({ log: "a" }, {})).toThrow('"log" is not supported');
    expect(print).not.toHaveBeenCalled();
  } finally {
    print.mockRestore();
  }
});

describe("names that are no operators", () => {
  test.each(["__proto__", "constructor", "toString", "cat.call", "var.prototype.constructor", ""])(
    "%s",
    (name) => {
      const rule: Json = JSON.parse(`{${JSON.stringify(name)}:["a"]}`);
      expect(() => runRule(rule, {})).toThrow("is not supported");
    },
  );
});

test("a failure in an argument that is not used is a failure of the rule", () => {
  for (const rule of [
    { "==": [1, 1, { bogus: 1 }] },
    { "!": [1, { bogus: 1 }] },
    { "<": [1, 2, 3, { bogus: 1 }] },
    { var: ["a", "b", { bogus: 1 }] },
    { var: ["", { bogus: 1 }] },
    { var: ["a", { bogus: 1 }] },
    { in: [1, [1], { bogus: 1 }] },
  ])
    expect(() => runRule(rule, { a: 1 })).toThrow("bogus");
});

test("a failure in a branch not taken is none", () => {
  expect(runRule({ if: [true, "a", { bogus: 1 }] }, {}).result).toBe("a");
  expect(runRule({ and: [0, { bogus: 1 }] }, {}).result).toBe(0);
  expect(runRule({ or: [1, { bogus: 1 }] }, {}).result).toBe(1);
  expect(runRule({ map: [[], { bogus: 1 }] }, {}).result).toEqual([]);
});
