import { compareBytes } from "../core/order.ts";
import type { Steps } from "../core/steps.ts";
import type { StoredFlag } from "./stored-flag.ts";

/** By key, in byte order of the keys. */
export type Flags = ReadonlyMap<string, StoredFlag>;

/** One table of several: of flags with one key that of the last table. One table is returned as it is. */
export function* overlaid(tables: readonly Flags[]): Steps<Flags> {
  const [first = new Map()] = tables;
  if (tables.length < 2) return first;
  const half = tables.length >> 1;
  const lower = yield* overlaid(tables.slice(0, half));
  const upper = yield* overlaid(tables.slice(half));
  return yield* overlay(lower, upper);
}

function* overlay(lower: Flags, upper: Flags): Steps<Flags> {
  const merged = new Map<string, StoredFlag>();
  const below = lower.values();
  let next = below.next();
  for (const flag of upper.values()) {
    for (; !next.done; next = below.next()) {
      if (compareBytes(next.value.key, flag.key) >= 0) break;
      merged.set(next.value.key, next.value);
      yield;
    }
    if (!next.done && next.value.key === flag.key) next = below.next();
    merged.set(flag.key, flag);
    yield;
  }
  for (; !next.done; next = below.next()) {
    merged.set(next.value.key, next.value);
    yield;
  }
  return merged;
}
