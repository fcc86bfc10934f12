import type { Selector, SnapshotSource } from "../../store/view.ts";
import { ConfigurationChange } from "./events.ts";

export type ChangeListener = (change: ConfigurationChange) => void;

interface Channel {
  readonly listeners: Set<ChangeListener>;
  readonly unsubscribe: () => void;
}

/** One subscription to the store per distinct selector, however many streams there are. */
export class ChangeFeed {
  readonly #store: SnapshotSource;
  readonly #channels = new Map<string, Channel>();

  constructor(store: SnapshotSource) {
    this.#store = store;
  }

  /** Returns what ends it. */
  listen(selector: Selector, listener: ChangeListener): () => void {
    const id = JSON.stringify([selector.flagSetId ?? null, selector.source ?? null]);
    const channel = this.#channels.get(id) ?? this.#open(id, selector);
    channel.listeners.add(listener);
    return () => {
      if (!channel.listeners.delete(listener) || channel.listeners.size > 0) return;
      channel.unsubscribe();
      this.#channels.delete(id);
    };
  }

  #open(id: string, selector: Selector): Channel {
    const listeners = new Set<ChangeListener>();
    const unsubscribe = this.#store.subscribe(selector, (changes) => {
      const change = new ConfigurationChange(changes);
      for (const listener of listeners) listener(change);
    });
    const channel = { listeners, unsubscribe };
    this.#channels.set(id, channel);
    return channel;
  }
}
