import { describe, expect, test } from "bun:test";
import { atOnce } from "../../../src/core/turns.ts";
import { createStore, flag, flagSet, listen, seen } from "./flags.ts";

describe("of several sources with the same flag", () => {
  test("the later in the list wins, in whatever order they load", () => {
    for (const order of [
      ["A", "B"],
      ["B", "A"],
    ]) {
      const { store } = createStore("A", "B");
      for (const source of order) store.accept(source, flagSet([flag("x", source)]));
      expect(seen(store)).toEqual(["x=B"]);
    }
  });

  test("each is still seen by who selects its source", () => {
    const { store } = createStore("A", "B");
    store.accept("A", flagSet([flag("x", "of A")]));
    store.accept("B", flagSet([flag("x", "of B")]));
    expect(seen(store, { source: "A" })).toEqual(["x=of A"]);
    expect(seen(store, { source: "B" })).toEqual(["x=of B"]);
  });

  test("the lower one shows at once when the higher no longer defines it", () => {
    const { store } = createStore("A", "B");
    store.accept("A", flagSet([flag("x", "of A")]));
    store.accept("B", flagSet([flag("x", "of B"), flag("y")]));
    const { told } = listen(store);
    store.accept("B", flagSet([flag("y")]));
    expect(seen(store)).toEqual(["x=of A", "y=1"]);
    expect(told).toEqual([{ x: "update" }]);
  });

  test("the lower one changing is nobody's concern but of who selects it", () => {
    const { store } = createStore("A", "B");
    store.accept("A", flagSet([flag("x", "1")]));
    store.accept("B", flagSet([flag("x", "of B")]));
    const everything = listen(store);
    const ofA = listen(store, { source: "A" });
    store.accept("A", flagSet([flag("x", "2")]));
    expect(seen(store)).toEqual(["x=of B"]);
    expect(everything.told).toEqual([]);
    expect(ofA.told).toEqual([{ x: "update" }]);
  });

  test("a source named twice has the priority of its first place", () => {
    const { store } = createStore("A", "B", "A");
    store.accept("A", flagSet([flag("x", "of A")]));
    store.accept("B", flagSet([flag("x", "of B")]));
    expect(seen(store)).toEqual(["x=of B"]);
  });
});

describe("the same key in several flag sets", () => {
  test("coexists, one flag a set", () => {
    const { store } = createStore("A");
    store.accept("A", flagSet([flag("x", "1", "S1"), flag("x", "2", "S2"), flag("x", "3")]));
    expect(seen(store, { flagSetId: "S1" })).toEqual(["S1/x=1"]);
    expect(seen(store, { flagSetId: "S2" })).toEqual(["S2/x=2"]);
    expect(seen(store, { flagSetId: "" })).toEqual(["x=3"]);
  });

  test("without selector is the highest source's", () => {
    const { store } = createStore("A", "B");
    store.accept("A", flagSet([flag("x", "of A", "zzz")]));
    store.accept("B", flagSet([flag("x", "of B")]));
    expect(seen(store)).toEqual(["x=of B"]);
  });

  test("of one source is the last set's in byte order, no set being the first", () => {
    const { store } = createStore("A");
    store.accept("A", flagSet([flag("x", "1", "zzz"), flag("x", "2"), flag("x", "3", "aaa")]));
    expect(seen(store)).toEqual(["zzz/x=1"]);
    expect(seen(store, { source: "A" })).toEqual(["zzz/x=1"]);
  });

  test("shows the other at once when the winner goes", () => {
    const { store } = createStore("A");
    store.accept("A", flagSet([flag("x", "1", "S1"), flag("x", "2", "S2")]));
    store.accept("A", flagSet([flag("x", "1", "S1")]));
    expect(seen(store)).toEqual(["S1/x=1"]);
  });
});

describe("a payload", () => {
  test("replaces all that its source defined and nothing of the others", () => {
    const { store } = createStore("A", "B");
    store.accept("A", flagSet([flag("a1"), flag("a2")]));
    store.accept("B", flagSet([flag("b1")]));
    store.accept("A", flagSet([flag("a3")]));
    expect(seen(store)).toEqual(["a3=1", "b1=1"]);
    store.accept("A", flagSet([]));
    expect(seen(store)).toEqual(["b1=1"]);
  });

  test("equal to the last one makes no new snapshot", () => {
    const { store } = createStore("A");
    store.accept("A", flagSet([flag("x"), flag("y")]));
    const { snapshot } = store;
    const { told } = listen(store);
    const change = store.accept("A", flagSet([flag("y"), flag("x")]));
    expect(change).toEqual({ written: 0, updated: 0, deleted: 0, changes: [] });
    expect(store.snapshot).toBe(snapshot);
    expect(told).toEqual([]);
  });

  test("keeps the flags as they are that it does not change", () => {
    const { store, preparations } = createStore("A");
    store.accept("A", flagSet([flag("x"), flag("y"), flag("z")]));
    const before = atOnce(store.snapshot.view({}).ordered());
    preparations.length = 0;
    const change = store.accept("A", flagSet([flag("x"), flag("y", "2"), flag("w")]));
    expect(change).toMatchObject({ written: 1, updated: 1, deleted: 1 });
    expect(change.changes).toEqual([
      { key: "w", before: undefined, after: expect.any(String) },
      { key: "y", before: expect.any(String), after: expect.any(String) },
      { key: "z", before: expect.any(String), after: undefined },
    ]);
    const view = store.snapshot.view({});
    expect(atOnce(view.ordered())).toHaveLength(3);
    expect(preparations).toEqual(["w", "y"]);
    expect(view.flags.get("x")).toBe(before[0]);
  });

  test("prepares nothing before somebody asks for a flag, and that flag only, once", () => {
    const { store, preparations } = createStore("A");
    store.accept("A", flagSet([flag("x"), flag("y")]));
    expect(preparations).toBeEmpty();
    const { flags } = store.snapshot.view({});
    expect(flags.get("y")).toBe(flags.get("y"));
    expect(preparations).toEqual(["y"]);
  });

  test("with one flag twice has the last one", () => {
    const { store } = createStore("A");
    store.accept("A", flagSet([flag("x", "1"), flag("x", "2")]));
    const { snapshot } = store;
    store.accept("A", flagSet([flag("x", "1"), flag("x", "2")]));
    expect(seen(store)).toEqual(["x=2"]);
    expect(store.snapshot).toBe(snapshot);
  });

  test("of a source that the store does not know is refused by name", () => {
    const { store } = createStore("A");
    expect(() => store.accept("B", flagSet([]))).toThrow("source B is not one of");
  });

  test("leaves the snapshots that were taken before as they were", () => {
    const { store } = createStore("A");
    store.accept("A", flagSet([flag("x", "1")]));
    const { snapshot } = store;
    store.accept("A", flagSet([flag("x", "2")]));
    expect(snapshot.view({}).flags.get("x")?.definition.defaultVariant).toBe("1");
    expect(store.snapshot).not.toBe(snapshot);
  });
});

describe("payloads one after another", () => {
  const payloads = [
    {
      payload: flagSet([flag("a1", "1", "A"), flag("a2", "1", "A")]),
      full: ["A/a1=1", "A/a2=1"],
      incremental: ["A/a1=1", "A/a2=1"],
    },
    {
      payload: flagSet([flag("b1", "1", "B")]),
      full: ["B/b1=1"],
      incremental: ["A/a1=1", "A/a2=1", "B/b1=1"],
    },
    {
      payload: flagSet([flag("a1", "1", "A")]),
      full: ["A/a1=1"],
      incremental: ["A/a1=1", "B/b1=1"],
    },
    {
      payload: flagSet([flag("n1"), flag("n2")]),
      full: ["n1=1", "n2=1"],
      incremental: ["A/a1=1", "B/b1=1", "n1=1", "n2=1"],
    },
    { payload: flagSet([flag("n1")]), full: ["n1=1"], incremental: ["A/a1=1", "B/b1=1", "n1=1"] },
    { payload: flagSet([]), full: [], incremental: ["A/a1=1", "B/b1=1", "n1=1"] },
    { payload: flagSet([], "B"), full: [], incremental: ["A/a1=1", "n1=1"] },
    {
      payload: flagSet([flag("q", "1", "C")], "A"),
      full: ["C/q=1"],
      incremental: ["n1=1", "C/q=1"],
    },
  ];

  test("each replace everything by default", () => {
    const { store } = createStore("up");
    for (const { payload, full } of payloads) {
      store.accept("up", payload);
      expect(seen(store)).toEqual(full);
    }
  });

  test("each replace only the flag sets they speak of when they are incremental", () => {
    const { store } = createStore("up");
    for (const { payload, incremental } of payloads) {
      store.accept("up", payload, { incremental: true });
      expect(seen(store)).toEqual(incremental);
    }
  });
});
