import { describe, expect, test } from "bun:test";
import { createStore, flag, flagSet, listen } from "./flags.ts";

describe("a subscriber", () => {
  test("is told what was written, updated and deleted", () => {
    const { store } = createStore("A");
    const { told } = listen(store);
    store.accept("A", flagSet([flag("x"), flag("y")]));
    store.accept("A", flagSet([flag("x", "2"), flag("y"), flag("z")]));
    store.accept("A", flagSet([flag("y"), flag("z")]));
    expect(told).toEqual([
      { x: "write", y: "write" },
      { x: "update", z: "write" },
      { x: "delete" },
    ]);
  });

  test("is told of a difference in any part of a flag", () => {
    const { store } = createStore("A");
    const { told } = listen(store);
    const base = flag("x");
    const others = [
      { ...base, state: "DISABLED" },
      { ...base, defaultVariant: undefined },
      { ...base, variants: undefined },
      { ...base, targeting: {} },
      { ...base, metadata: { team: "a" } },
    ];
    for (const other of others) {
      store.accept("A", flagSet([base]));
      told.length = 0;
      store.accept("A", flagSet([other]));
      expect(told).toEqual([{ x: "update" }]);
    }
  });

  test("is told that the same flag now comes from another source", () => {
    const { store } = createStore("A", "B");
    store.accept("A", flagSet([flag("x")]));
    const { told } = listen(store);
    store.accept("B", flagSet([flag("x")]));
    expect(told).toEqual([{ x: "update" }]);
  });

  test("sees only what its selector selects", () => {
    const { store } = createStore("A", "B");
    const inSet = listen(store, { flagSetId: "S1" });
    const inNoSet = listen(store, { flagSetId: "" });
    const ofB = listen(store, { source: "B" });
    const ofNobody = listen(store, { source: "none" });
    store.accept("A", flagSet([flag("x", "1", "S1")]));
    store.accept("B", flagSet([flag("y")]));
    expect(inSet.told).toEqual([{ x: "write" }]);
    expect(inNoSet.told).toEqual([{ y: "write" }]);
    expect(ofB.told).toEqual([{ y: "write" }]);
    expect(ofNobody.told).toEqual([]);
  });

  test("is told of a flag set that did not exist before", () => {
    const { store } = createStore("A");
    const { told } = listen(store, { flagSetId: "new" });
    store.accept("A", flagSet([flag("x", "1", "new")]));
    store.accept("A", flagSet([]));
    expect(told).toEqual([{ x: "write" }, { x: "delete" }]);
  });

  test("is given the same changes and view as the others of its selector", () => {
    const { store } = createStore("A");
    const given: unknown[][] = [];
    store.subscribe({ source: "A" }, (...args) => given.push(args));
    store.subscribe({ source: "A" }, (...args) => given.push(args));
    store.accept("A", flagSet([flag("x")]));
    expect(given).toHaveLength(2);
    expect(given[0]?.[0]).toBe(given[1]?.[0]);
    expect(given[0]?.[1]).toBe(given[1]?.[1]);
    expect(given[0]?.[1]).toBe(store.snapshot.view({ source: "A" }));
  });

  test("that throws is reported and keeps nobody from hearing", () => {
    const { store, errors } = createStore("A");
    const failure = new Error("broken");
    store.subscribe({}, () => {
      throw failure;
    });
    const { told } = listen(store);
    store.accept("A", flagSet([flag("x")]));
    store.accept("A", flagSet([]));
    expect(errors).toEqual([failure, failure]);
    expect(told).toEqual([{ x: "write" }, { x: "delete" }]);
  });

  test("hears nothing after it unsubscribed, and unsubscribing again does nothing", () => {
    const { store } = createStore("A");
    const first = listen(store);
    const second = listen(store);
    first.unsubscribe();
    first.unsubscribe();
    store.accept("A", flagSet([flag("x")]));
    expect(first.told).toEqual([]);
    expect(second.told).toEqual([{ x: "write" }]);
  });

  test("unsubscribed by another one hears nothing of that change", () => {
    const { store } = createStore("A");
    const handle: { end?: () => void } = {};
    store.subscribe({}, () => handle.end?.());
    const second = listen(store);
    handle.end = second.unsubscribe;
    store.accept("A", flagSet([flag("x")]));
    expect(second.told).toEqual([]);
  });

  test("that comes during a change hears of the next one only", () => {
    const { store } = createStore("A");
    const late: ReturnType<typeof listen>[] = [];
    store.subscribe({}, () => {
      if (late.length === 0) late.push(listen(store));
    });
    store.accept("A", flagSet([flag("x")]));
    expect(late[0]?.told).toEqual([]);
    store.accept("A", flagSet([flag("x"), flag("y")]));
    expect(late[0]?.told).toEqual([{ y: "write" }]);
  });

  test("hears changes in their order even if another one causes a change", () => {
    const { store } = createStore("A");
    store.subscribe({}, () => {
      store.accept("A", flagSet([flag("x", "2")]));
    });
    const { told } = listen(store);
    store.accept("A", flagSet([flag("x", "1")]));
    expect(told).toEqual([{ x: "write" }, { x: "update" }]);
  });
});
