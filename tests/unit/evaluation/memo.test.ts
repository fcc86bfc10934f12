import { expect, test } from "bun:test";
import { Derived, type Memo, once } from "../../../src/evaluation/memo.ts";

test("a result is made once for each owner, null too, and others do not see it", () => {
  const made: string[] = [];
  const derive = once((owner: { memo: Memo; name: string }, suffix: string) => {
    made.push(owner.name + suffix);
    return owner.name === "none" ? null : owner.name + suffix;
  });
  const other = new Derived<{ memo: Memo }, number>();
  const [a, none] = [
    { memo: [], name: "a" },
    { memo: [], name: "none" },
  ];
  expect([derive(a, "1"), derive(a, "2"), derive(none, "1"), derive(none, "2")]).toEqual([
    "a1",
    "a1",
    null,
    null,
  ]);
  expect(made).toEqual(["a1", "none1"]);
  expect(other.get(a)).toBeUndefined();
  other.set(a, 5);
  expect([other.get(a), derive(a, "3")]).toEqual([5, "a1"]);
});
