import { expect, test } from "bun:test";
import { listFlags, maxListed } from "../../../../src/services/page/flag-list.ts";
import { createStore, flag, flagSet } from "../../store/flags.ts";

const every = { search: "", source: "", onlyShadowed: false };

test("lists the flags of every source and set, and whose flag is given instead", () => {
  const { store } = createStore("low", "high");
  store.accept("low", flagSet([flag("a"), flag("b", "1", "shop")]));
  store.accept("high", flagSet([flag("a", "2")]));
  const { flags, found } = listFlags(store.layers, every);
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
  expect(
    listFlags(store.layers, { ...every, search: "OTHER" }).flags.map(({ key }) => key),
  ).toEqual(["other"]);
  const banners = listFlags(store.layers, { ...every, search: "banner" });
  expect(banners.found).toBe(maxListed + 10);
  expect(banners.flags).toHaveLength(maxListed);
});

test("a source, and what is shadowed, is looked for among all flags and not only among those listed", () => {
  const { store } = createStore("low", "high");
  const many = Array.from({ length: maxListed + 10 }, (_, i) => flag(`f-${i}`));
  store.accept("low", flagSet([...many, flag("z")]));
  store.accept("high", flagSet([flag("z", "2")]));
  const high = listFlags(store.layers, { ...every, source: "high" });
  expect(high.found).toBe(1);
  expect(high.flags.map(({ key, source }) => [key, source])).toEqual([["z", "high"]]);
  const shadowed = listFlags(store.layers, { ...every, onlyShadowed: true });
  expect(shadowed.found).toBe(1);
  expect(shadowed.flags.map(({ key, source }) => [key, source])).toEqual([["z", "low"]]);
  expect(listFlags(store.layers, { ...every, source: "nowhere" }).found).toBe(0);
});

test("a definition that is very long is left out", () => {
  const { store } = createStore("s");
  store.accept("s", flagSet([flag("long", "v".repeat(100_000))]));
  expect(listFlags(store.layers, every).flags[0]?.definition).toBeNull();
});
