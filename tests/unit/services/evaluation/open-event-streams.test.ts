import { expect, test } from "bun:test";
import type { ChangeListener } from "../../../../src/services/evaluation/event-stream.ts";
import { ChangeFeed } from "../../../../src/services/evaluation/open-event-streams.ts";
import { FakeStore, viewOf } from "../fixtures.ts";

const kinds = ["write", "update", "delete"] as const;
const manyChanges = Object.fromEntries(
  Array.from({ length: 1500 }, (_, i) => [`flag-${i}`, kinds[i % 3] ?? "write"]),
);

test("what follows a change of many flags is told after it", async () => {
  const store = new FakeStore(viewOf([]));
  const feed = new ChangeFeed(store);
  const told: unknown[] = [];
  const all = Promise.withResolvers<void>();
  const listener: ChangeListener = (change) => {
    told.push(Object.keys((change.event.data as { flags: object }).flags).length);
    if (told.length === 3) all.resolve();
  };
  const end = feed.listen({}, listener);
  store.announce({ a: "write" });
  expect(told).toEqual([1]);
  store.announce(manyChanges);
  store.announce({ a: "delete", b: "write" });
  expect(told).toEqual([1]);
  await all.promise;
  expect(told).toEqual([1, 1500, 2]);
  end();
});
