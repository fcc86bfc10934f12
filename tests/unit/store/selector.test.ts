import { describe, expect, test } from "bun:test";
import { InvalidSelectorError, parseSelector, reflectionOf } from "../../../src/store/selector.ts";
import type { Selector } from "../../../src/store/view.ts";

describe("a selector expression", () => {
  test.each<[string | undefined, Selector]>([
    [undefined, {}],
    ["", {}],
    ["flagSetId=S1", { flagSetId: "S1" }],
    ["flagSetId=", { flagSetId: "" }],
    ["source=a.json", { source: "a.json" }],
    ["source=", { source: "" }],
    ["a.json", { source: "a.json" }],
    ["flagSetId=S1,source=a", { flagSetId: "S1,source=a" }],
    ["source=s3://bucket/object?region=x", { source: "s3://bucket/object?region=x" }],
    [" S1 ", { source: " S1 " }],
  ])("%p means %p", (expression, selector) => {
    expect(parseSelector(expression)).toEqual(selector);
  });

  test.each([
    ["foo=1", "foo"],
    ["FlagSetId=x", "FlagSetId"],
    ["flagSetId =x", "flagSetId "],
    ["=x", ""],
  ])("%p is refused for its key", (expression, key) => {
    expect(() => parseSelector(expression)).toThrow(new InvalidSelectorError(key).message);
    expect(new InvalidSelectorError(key).message).toBe(
      `invalid selector key "${key}", valid keys: "flagSetId", "source"`,
    );
  });

  test("with a key of a megabyte is refused in a short message", () => {
    expect(() => parseSelector(`${"k".repeat(1_000_000)}=1`)).toThrow(InvalidSelectorError);
    expect(new InvalidSelectorError("k".repeat(1_000_000)).message.length).toBeLessThan(200);
  });
});

describe("the reflection of a selector", () => {
  test.each<[Selector, object]>([
    [{}, {}],
    [{ flagSetId: "S1" }, { flagSetId: "S1" }],
    [{ flagSetId: "" }, {}],
    [{ source: "a" }, { source: "a" }],
    [{ source: "" }, {}],
  ])("of %p is %p", (selector, reflection) => {
    expect(reflectionOf(selector)).toEqual(reflection as never);
  });
});
