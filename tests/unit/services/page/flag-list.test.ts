import { expect, test } from "bun:test";
import { listFlags, maxListed } from "../../../../src/services/page/flag-list.ts";
import { createStore, flag, flagSet } from "../../store/flags.ts";

test("lists the flags of every source and set, and whose flag is given instead", () => {
  const { store } = createStore("low", "high");
  store.accept("low", flagSet([flag("a"), flag("b", "1", "shop")]));
  store.accept("high", flagSet([flag("a", "2")]));
  const { flags, found } = listFlags(store.layers, "");
  expect(found).toBe(3);
  expect(
    flags.map(({ key, source, flagSetId, shadowedBy }) => [key, source, flagSetId, shadowedBy]),
  ).toEqual([
    ["a", "low", "", { source: "high", flagSetId: "" }],
    ["b", "low", "shop", null],
    ["a", "high", "", null],
  ]);
  expect(JSON.parse(flags[0]?.definition ?? "")).toMatchObject({ defaultVariant: "1" });
});

test("finds by a part of the key, and lists a bounded number", () => {
  const { store } = createStore("s");
  const many = Array.from({ length: maxListed + 10 }, (_, i) => flag(`Banner-${i}`));
  store.accept("s", flagSet([...many, flag("other")]));
  expect(listFlags(store.layers, "OTHER").flags.map(({ key }) => key)).toEqual(["other"]);
  const banners = listFlags(store.layers, "banner");
  expect(banners.found).toBe(maxListed + 10);
  expect(banners.flags).toHaveLength(maxListed);
});

test("a definition that is very long is left out", () => {
  const { store } = createStore("s");
  store.accept("s", flagSet([flag("long", "v".repeat(100_000))]));
  expect(listFlags(store.layers, "").flags[0]?.definition).toBeNull();
});
