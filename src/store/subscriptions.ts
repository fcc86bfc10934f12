import type { Steps } from "../core/turns.ts";
import type { FlagView } from "./flag-view.ts";
import { selectorId } from "./selector.ts";
import type { LayeredSnapshot } from "./snapshot.ts";
import type { FlagChanges, Selector, View } from "./view.ts";

/** Called with what changed, and with what is there now. */
export type ChangeListener = (changes: FlagChanges, view: View) => void;

/** All who look through the same selector: what changed is found once for all of them. */
interface Group {
  readonly selector: Selector;
  readonly listeners: Set<ChangeListener>;
  /** What the listeners were last told. */
  view: FlagView;
}

/** Those who are told of changes. */
export class Subscriptions {
  readonly #groups = new Map<string, Group>();
  readonly #onError: (error: unknown) => void;
  /** Of what has changed since the last round. */
  #keys: ReadonlySet<string> = new Set();
  #publishing = false;

  /** @param onError told of what a listener throws; the others are called all the same. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  add(selector: Selector, current: LayeredSnapshot, listener: ChangeListener): () => void {
    const id = selectorId(selector);
    let group = this.#groups.get(id);
    if (!group) {
      group = { selector, listeners: new Set(), view: current.view(selector) };
      this.#groups.set(id, group);
    }
    const { listeners } = group;
    // A function of its own, so that the same listener may subscribe twice.
    const own: ChangeListener = (changes, view) => listener(changes, view);
    listeners.add(own);
    return () => {
      if (listeners.delete(own) && listeners.size === 0) this.#groups.delete(id);
    };
  }

  /**
   * Tells everybody what they have not seen yet of the latest snapshot. A listener that causes a
   * further change has it published after this one, so that nobody sees them the other way round.
   * What changes while this is interrupted is published by it as well.
   * @param keys of everything that has changed
   */
  *publish(latest: () => LayeredSnapshot, keys: ReadonlySet<string>): Steps<void> {
    this.#keys = this.#keys.size === 0 ? keys : this.#keys.union(keys);
    if (this.#publishing) return;
    this.#publishing = true;
    try {
      for (let told: LayeredSnapshot | undefined; told !== latest(); ) {
        told = latest();
        const keys = this.#keys;
        this.#keys = new Set();
        yield* this.#tell(told, keys);
      }
    } finally {
      this.#publishing = false;
    }
  }

  *#tell(snapshot: LayeredSnapshot, keys: ReadonlySet<string>): Steps<void> {
    const round = [...this.#groups.values()].map((group) => ({
      group,
      listeners: [...group.listeners],
    }));
    for (const { group, listeners } of round) {
      const before = group.view;
      group.view = snapshot.view(group.selector);
      if (group.view === before) continue;
      const changes = yield* group.view.changesSince(before, keys);
      if (changes.size === 0) continue;
      for (const listener of listeners) {
        if (group.listeners.has(listener)) this.#call(listener, changes, group.view);
      }
    }
  }

  #call(listener: ChangeListener, changes: FlagChanges, view: View): void {
    try {
      listener(changes, view);
    } catch (error) {
      this.#onError(error);
    }
  }
}
