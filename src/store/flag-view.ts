import type { PreparedFlag } from "../evaluation/flag.ts";
import type { Memo } from "../evaluation/outcome.ts";
import { htmlSafeJson } from "../flags/canonical.ts";
import type { JsonObject } from "../flags/model.ts";
import { compareBytes } from "../flags/order.ts";
import type { StoredFlag } from "./layer.ts";
import { reflectionOf } from "./selector.ts";
import type { FlagChanges, Selector, View } from "./view.ts";

/** The flags that a selector found, each part made at its first use. */
export class FlagView implements View {
  readonly reflection: JsonObject;
  readonly memo: Memo = [];
  readonly #winners: ReadonlyMap<string, StoredFlag>;
  readonly #bySource: boolean;
  #sorted: readonly StoredFlag[] | undefined;
  #ordered: readonly PreparedFlag[] | undefined;
  #syncPayload: string | undefined;

  /** @param found in order of priority: of several flags with one key the last wins. */
  constructor(selector: Selector, found: Iterable<StoredFlag>) {
    const winners = new Map<string, StoredFlag>();
    for (const flag of found) winners.set(flag.definition.key, flag);
    this.#winners = winners;
    this.#bySource = selector.source !== undefined;
    this.reflection = reflectionOf(selector);
  }

  get flags(): View["flags"] {
    return this;
  }

  get(key: string): PreparedFlag | undefined {
    const flag = this.#winners.get(key);
    return flag && this.#seen(flag);
  }

  get ordered(): readonly PreparedFlag[] {
    this.#ordered ??= this.#sort().map((flag) => this.#seen(flag));
    return this.#ordered;
  }

  get syncPayload(): string {
    this.#syncPayload ??= `{"flags":{${this.#sort()
      .map((flag) => `${htmlSafeJson(flag.definition.key)}:${flag.text}`)
      .join(",")}}}`;
    return this.#syncPayload;
  }

  /** What changed for those who saw `before` and now see this view. */
  changesSince(before: FlagView): FlagChanges {
    const changes = new Map<string, "write" | "update" | "delete">();
    for (const [key, flag] of this.#winners) {
      const old = before.#winners.get(key);
      if (old === undefined) changes.set(key, "write");
      else if (old !== flag && old.text !== flag.text) changes.set(key, "update");
    }
    for (const key of before.#winners.keys()) {
      if (!this.#winners.has(key)) changes.set(key, "delete");
    }
    return changes;
  }

  /** A selected flag set needs no reflection: its flags have the same flagSetId in their metadata. */
  #seen(flag: StoredFlag): PreparedFlag {
    return this.#bySource ? flag.withSource : flag.prepared;
  }

  #sort(): readonly StoredFlag[] {
    this.#sorted ??= [...this.#winners.values()].sort((a, b) =>
      compareBytes(a.definition.key, b.definition.key),
    );
    return this.#sorted;
  }
}
