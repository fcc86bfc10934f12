import { describe, expect, test } from "bun:test";
import { atOnce } from "../../../src/core/turns.ts";
import { canonicalFlag } from "../../../src/flags/canonical.ts";
import { createStore, flag, flagSet, seen } from "./flags.ts";

describe("a view", () => {
  test("lists its flags in byte order of their keys", () => {
    const { store } = createStore("A", "B");
    // U+1F600 is above U+FFFD in bytes and below it in UTF-16.
    store.accept("A", flagSet([flag("\u{1F600}"), flag("b"), flag("a")]));
    store.accept("B", flagSet([flag("\uFFFD"), flag("a0")]));
    expect(seen(store)).toEqual(["a=1", "a0=1", "b=1", "\uFFFD=1", "\u{1F600}=1"]);
  });

  test("of a source has the source beneath the metadata of its flags", () => {
    const { store } = createStore("A");
    const own = { ...flag("y"), metadata: { source: "mine" } };
    store.accept("A", flagSet([flag("x"), own]));
    const { flags, reflection } = store.snapshot.view({ source: "A" });
    expect(reflection).toEqual({ source: "A" });
    expect(flags.get("x")?.fixed?.metadata).toEqual({ source: "A" });
    expect(flags.get("y")?.fixed?.metadata).toEqual({ source: "mine" });
    expect(store.snapshot.view({}).flags.get("x")?.fixed?.metadata).toEqual({});
  });

  test("keeps the flags that a change did not touch, reflection included", () => {
    const { store } = createStore("A");
    store.accept("A", flagSet([flag("x"), flag("y")]));
    const before = store.snapshot.view({ source: "A" }).flags.get("x");
    store.accept("A", flagSet([flag("x"), flag("y", "2")]));
    expect(store.snapshot.view({ source: "A" }).flags.get("x")).toBe(before);
  });

  test("is made once a snapshot", () => {
    const { store } = createStore("A");
    store.accept("A", flagSet([flag("x", "1", "S1")]));
    for (const selector of [{}, { source: "A" }, { flagSetId: "S1" }]) {
      expect(store.snapshot.view(selector)).toBe(store.snapshot.view({ ...selector }));
    }
  });

  test("that a change does not touch stays the same, with what is kept in its memo", () => {
    const { store } = createStore("A", "B");
    store.accept("A", flagSet([flag("x", "1", "S1")]));
    store.accept("B", flagSet([flag("y")]));
    const ofA = store.snapshot.view({ source: "A" });
    const ofSet = store.snapshot.view({ flagSetId: "S1" });
    const ofNoSet = store.snapshot.view({ flagSetId: "" });
    store.accept("B", flagSet([flag("y", "2")]));
    expect(store.snapshot.view({ source: "A" })).toBe(ofA);
    expect(store.snapshot.view({ flagSetId: "S1" })).toBe(ofSet);
    expect(store.snapshot.view({ flagSetId: "" })).not.toBe(ofNoSet);
  });

  test("of a flag set that moved to another source is made anew", () => {
    const { store } = createStore("A", "B");
    store.accept("A", flagSet([flag("x", "of A", "S1")]));
    expect(seen(store, { flagSetId: "S1" })).toEqual(["S1/x=of A"]);
    store.accept("B", flagSet([flag("x", "of B", "S1")]));
    expect(seen(store, { flagSetId: "S1" })).toEqual(["S1/x=of B"]);
  });

  test("by flag set and source has what both select", () => {
    const { store } = createStore("A", "B");
    store.accept("A", flagSet([flag("x", "1", "S1"), flag("y")]));
    store.accept("B", flagSet([flag("x", "2", "S1")]));
    expect(seen(store, { flagSetId: "S1", source: "A" })).toEqual(["S1/x=1"]);
  });

  test.each([{ source: "" }, { source: "none" }, { flagSetId: "none" }])(
    "of %p, which does not exist, is empty and not kept",
    (selector) => {
      const { store } = createStore("A");
      store.accept("A", flagSet([flag("x")]));
      const view = store.snapshot.view(selector);
      expect(view.maxFlags).toBe(0);
      expect(atOnce(view.ordered())).toEqual([]);
      expect(view.syncPayload).toBe('{"flags":{}}');
      expect(store.snapshot.view(selector)).not.toBe(view);
    },
  );

  test("of no flag set does not show the internal name of it", () => {
    const { store } = createStore("A");
    expect(store.snapshot.view({ flagSetId: "" }).reflection).toEqual({});
  });
});

describe("the payload for sync clients", () => {
  test("without flags is an empty object of flags", () => {
    expect(createStore("A").store.snapshot.view({}).syncPayload).toBe('{"flags":{}}');
  });

  test("has the winners as evaluation has them, keys in byte order and safe for HTML", () => {
    const { store } = createStore("A", "B");
    const low = flag("<x>", "low");
    const other = flag("a");
    const high = flag("<x>", "high");
    store.accept("A", flagSet([other, low]));
    store.accept("B", flagSet([high]));
    expect(store.snapshot.view({}).syncPayload).toBe(
      `{"flags":{"\\u003cx\\u003e":${canonicalFlag(high, "B")},"a":${canonicalFlag(other, "A")}}}`,
    );
  });
});
