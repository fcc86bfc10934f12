import { expect, test } from "bun:test";
import fc from "fast-check";
import { hasRepeatedMembers, walkJson } from "../../../src/core/json-walk.ts";
import { PathTree } from "../../../src/core/text-places.ts";
import { atOnce } from "../../../src/core/turns.ts";

type Step = string | number;

/** Every path of a value, in the order of its text. */
function pathsOf(value: unknown, path: readonly Step[] = []): (readonly Step[])[] {
  if (typeof value !== "object" || value === null) return [];
  const members: [Step, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return members.flatMap(([step, member]) => {
    const own = [...path, step];
    return [own, ...pathsOf(member, own)];
  });
}

function walked(text: string): { readonly path: readonly Step[]; readonly at: number }[] {
  const found: { path: Step[]; at: number }[] = [];
  const path: Step[] = [];
  const visitor = {
    enter(step: Step, at: number, depth: number) {
      path.length = depth - 1;
      path.push(step);
      found.push({ path: path.slice(), at });
    },
  };
  atOnce(walkJson(text, visitor));
  return found;
}

test.each([undefined, 2, "\t"])(
  "a walk enters every member and element in order (indent %p)",
  (indent) => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value, null, indent);
        expect(walked(text).map(({ path }) => path)).toEqual(pathsOf(JSON.parse(text)));
        expect(atOnce(hasRepeatedMembers(text, JSON.parse(text)))).toBe(false);
      }),
    );
  },
);

test("the place of a member is its name, of an element itself", () => {
  const text = '{ "a\\"b" : [ 1, {"c":2} ] }';
  expect(walked(text).map(({ path, at }) => [path.join("/"), text.slice(at, at + 3)])).toEqual([
    ['a"b', '"a\\'],
    ['a"b/0', "1, "],
    ['a"b/1', '{"c'],
    ['a"b/1/c', '"c"'],
  ]);
});

test.each([
  ['{"a":1,"a":1}', true],
  ['{"a":{"b":1},"a":{"b":1,"b":2}}', true],
  ['{"a":{"a":{"a":":"}},"b":["a:\\"",{"a":1}]}', false],
  ['{"__proto__":1,"b":"\\\\"}', false],
])("members twice in %s: %p", (text, repeated) => {
  expect(atOnce(hasRepeatedMembers(text, JSON.parse(text)))).toBe(repeated);
});

test("a path that a text does not have is where it still was", () => {
  const tree = new PathTree();
  tree.add(["a", "b", 1]);
  const a = tree.child("a");
  if (a) a.offset = 5;
  expect(tree.offsetOf(["a", "b", 1])).toBe(5);
  expect(tree.offsetOf(["x"])).toBe(0);
});
