import { expect, test } from "bun:test";
import { atOnce } from "../../../src/core/turns.ts";
import { History, maxHistory } from "../../../src/store/history.ts";
import { Store } from "../../../src/store/store.ts";
import { createStore, flag, flagSet } from "./flags.ts";

const json = (value: unknown) => JSON.stringify(value);
const record = (history: History, ...changes: Parameters<History["record"]>[1]) =>
  atOnce(history.record("s", changes));

test("a change says when, where, and what became of what", () => {
  const history = new History(() => 7);
  record(history, {
    key: "banner",
    flagSetId: "shop",
    before: json({ defaultVariant: "calm", state: "ENABLED" }),
    after: json({ defaultVariant: "loud", state: "ENABLED", targeting: {} }),
  });
  expect(history.changes).toEqual([
    {
      time: 7,
      source: "s",
      flag: "banner",
      flagSetId: "shop",
      kind: "changed",
      differences: [
        { path: "defaultVariant", before: '"calm"', after: '"loud"' },
        { path: "targeting", before: undefined, after: "{}" },
      ],
      more: 0,
    },
  ]);
});

test("added and removed flags have one difference, the flag itself", () => {
  const history = new History();
  record(history, { key: "a", before: undefined, after: "{}" });
  record(history, { key: "a", before: "{}", after: undefined });
  expect(history.changes.map(({ kind, differences }) => [kind, differences])).toEqual([
    ["removed", [{ path: "", before: "{}", after: undefined }]],
    ["added", [{ path: "", before: undefined, after: "{}" }]],
  ]);
});

test("keeps the last changes only, whatever comes at once", () => {
  const history = new History();
  const many = Array.from({ length: maxHistory + 50 }, (_, i) => ({
    key: `k${i}`,
    before: undefined,
    after: "{}",
  }));
  record(history, ...many);
  record(history, { key: "last", before: "{}", after: undefined });
  expect(history.changes).toHaveLength(maxHistory);
  expect(history.changes[0]?.flag).toBe("last");
});

test("what it keeps of large values and flags is bounded", () => {
  const history = new History();
  const members = (value: string) =>
    json(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`m${i}`, value.repeat(500)])));
  record(history, { key: "wide", before: members("a"), after: members("b") });
  record(history, { key: "huge", before: json("a".repeat(1 << 20)), after: json("b") });
  record(history, { key: "new", before: undefined, after: json("a".repeat(1 << 20)) });
  const [created, huge, wide] = history.changes;
  expect(wide?.differences).toHaveLength(20);
  expect(wide?.more).toBe(30);
  expect(huge?.differences).toEqual([]);
  expect(created?.differences[0]?.after).toHaveLength(1001);
});

test("the store records every change but the first flags of a source", () => {
  const history = new History();
  const { store: plain } = createStore("a");
  expect(plain.accept("a", flagSet([flag("x")])).written).toBe(1);

  const prepare = () => {
    throw new Error("nothing is evaluated here");
  };
  const store = new Store(["a", "b"], { prepare, history, onListenerError: () => {} });
  let told = 0;
  const end = history.subscribe(() => told++);
  store.accept("a", flagSet([flag("x"), flag("y")]));
  store.accept("b", flagSet([]));
  expect(history.changes).toEqual([]);
  store.accept("a", flagSet([flag("x", "2"), flag("y")]));
  store.accept("a", flagSet([flag("x", "2"), flag("y")]));
  store.accept("b", flagSet([flag("z", "1", "shop")]));
  end();
  store.accept("b", flagSet([]));
  expect(
    history.changes.map(({ source, flagSetId, flag, kind }) => [source, flagSetId, flag, kind]),
  ).toEqual([
    ["b", "shop", "z", "removed"],
    ["b", "shop", "z", "added"],
    ["a", "", "x", "changed"],
  ]);
  expect(told).toBe(2);
  expect([...store.sizes("a")]).toEqual([["", 2]]);
});
