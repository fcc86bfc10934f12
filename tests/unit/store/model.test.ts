import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Json } from "../../../src/core/json.ts";
import { atOnce } from "../../../src/core/turns.ts";
import type { FlagDefinition, FlagSet } from "../../../src/flags/model.ts";
import { pack } from "../../../src/flags/packed.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Selector } from "../../../src/store/view.ts";
import { createStore, flag, flagSet } from "./flags.ts";

const sources = ["A", "B", "C"];
const keys = ["a", "b", "<&>", "__proto__", "\uFFFD", "\u{1F600}"];
const flagSets = [undefined, "S1", "S2"];
const selectors: readonly Selector[] = [
  {},
  { flagSetId: "" },
  { flagSetId: "S1" },
  { flagSetId: "S2" },
  { flagSetId: "none" },
  ...sources.map((source) => ({ source })),
  { source: "none" },
  { source: "A", flagSetId: "S1" },
];

const definitions = fc.record({
  key: fc.constantFrom(...keys),
  revision: fc.constantFrom("1", "2"),
  flagSetId: fc.constantFrom(...flagSets),
});

const payloads = fc.record({
  source: fc.constantFrom(...sources),
  incremental: fc.boolean(),
  packed: fc.boolean(),
  flagSet: fc
    .record({
      flags: fc.uniqueArray(definitions, {
        maxLength: 6,
        selector: ({ key, flagSetId }) => JSON.stringify([key, flagSetId]),
      }),
      flagSetId: fc.constantFrom(...flagSets),
    })
    .map(({ flags, flagSetId }) =>
      flagSet(
        flags.map(({ key, revision, flagSetId }) => flag(key, revision, flagSetId)),
        flagSetId,
      ),
    ),
});

interface Step {
  readonly source: string;
  readonly flagSet: FlagSet;
  readonly incremental: boolean;
  readonly packed: boolean;
}

function accept(store: Store, { source, flagSet, incremental, packed }: Step): void {
  const content = packed ? pack(flagSet, source) : flagSet;
  atOnce(store.accepting(source, content, { incremental }));
}

/** The store as simple as it can be said: a list of flags a source, searched at every question. */
class NaiveStore {
  readonly #layers = new Map(sources.map((source) => [source, [] as FlagDefinition[]]));

  accept(source: string, { flags, flagSetId }: FlagSet, incremental: boolean): void {
    const spokenOf = [...flags.map((flag) => flag.flagSetId), ...(flagSetId ? [flagSetId] : [])];
    const kept = (this.#layers.get(source) ?? []).filter(
      (flag) => incremental && !spokenOf.includes(flag.flagSetId),
    );
    this.#layers.set(source, [...kept, ...flags]);
  }

  /** Key, revision, flag set and source of each flag seen, in byte order of the keys. */
  see(selector: Selector): Json[] {
    const order = (name: string | undefined) => flagSets.indexOf(name);
    const found = [...this.#layers]
      .filter(([source]) => selector.source === undefined || source === selector.source)
      .flatMap(([source, flags]) =>
        [...flags]
          .sort((a, b) => order(a.flagSetId) - order(b.flagSetId))
          .map((flag) => ({ source, flag })),
      )
      .filter(
        ({ flag }) =>
          selector.flagSetId === undefined || (flag.flagSetId ?? "") === selector.flagSetId,
      );
    return keys
      .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .flatMap((key) => {
        const winner = found.findLast(({ flag }) => flag.key === key);
        return winner ? [describe(winner.flag, winner.source)] : [];
      });
  }
}

function describe(flag: FlagDefinition, source: string): Json {
  return [flag.key, flag.defaultVariant ?? "", flag.flagSetId ?? null, source];
}

type SyncDocument = {
  flags: Record<
    string,
    { defaultVariant: string; source: string; metadata?: Record<string, string> }
  >;
};

/** The same of what the store sends to sync clients. */
function sent(syncPayload: string): Json[] {
  const { flags } = JSON.parse(syncPayload) as SyncDocument;
  return Object.entries(flags).map(([key, { defaultVariant, source, metadata }]) => [
    key,
    defaultVariant,
    metadata?.flagSetId ?? null,
    source,
  ]);
}

test("after any payloads, every selector sees what a naive store shows", () => {
  fc.assert(
    fc.property(fc.array(payloads, { maxLength: 8 }), (steps) => {
      const { store } = createStore(...sources);
      const naive = new NaiveStore();
      for (const step of steps) {
        const { source, flagSet, incremental } = step;
        accept(store, step);
        naive.accept(source, flagSet, incremental);
        for (const selector of selectors) {
          const view = store.snapshot.view(selector);
          expect(sent(view.syncPayload)).toEqual(naive.see(selector));
          const ordered = atOnce(view.ordered());
          expect(view.maxFlags).toBeGreaterThanOrEqual(ordered.length);
          expect(ordered.map((flag) => flag.key)).toEqual(
            Object.keys(JSON.parse(view.syncPayload).flags),
          );
          expect(ordered.map(({ key }) => view.flags.get(key))).toEqual([...ordered]);
        }
      }
    }),
  );
});

test("after any payloads, what a source defines can be handed to another store", () => {
  fc.assert(
    fc.property(fc.array(payloads, { maxLength: 8 }), (steps) => {
      const { store } = createStore(...sources);
      const other = createStore(...sources).store;
      for (const step of steps) {
        accept(store, step);
        const { source } = step;
        const whole = atOnce(store.packing(source));
        atOnce(other.accepting(source, whole, { incremental: false }));
        for (const selector of selectors) {
          const [one, two] = [store, other].map(({ snapshot }) => snapshot.view(selector));
          expect(two?.syncPayload).toBe(one?.syncPayload as string);
        }
      }
    }),
  );
});

test("what subscribers are told, applied to what they saw, is what they see", () => {
  fc.assert(
    fc.property(fc.array(payloads, { maxLength: 8 }), (steps) => {
      const { store, errors } = createStore(...sources);
      const followed = selectors.map((selector) => {
        const seen = new Map<string, string>();
        store.subscribe(selector, (changes, view) => {
          const now = flagTexts(view.syncPayload);
          expect(changes.size).toBeGreaterThan(0);
          for (const [key, change] of changes) {
            expect(seen.has(key)).toBe(change !== "write");
            expect(now.has(key)).toBe(change !== "delete");
            expect(now.get(key)).not.toBe(seen.get(key) as string);
            if (change === "delete") seen.delete(key);
            else seen.set(key, now.get(key) ?? "");
          }
        });
        return { selector, seen };
      });
      for (const step of steps) {
        accept(store, step);
        expect(errors).toEqual([]);
        for (const { selector, seen } of followed) {
          const now = flagTexts(store.snapshot.view(selector).syncPayload);
          expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(now));
        }
      }
    }),
  );
});

function flagTexts(syncPayload: string): Map<string, string> {
  const { flags } = JSON.parse(syncPayload) as SyncDocument;
  return new Map(Object.entries(flags).map(([key, flag]) => [key, JSON.stringify(flag)]));
}
