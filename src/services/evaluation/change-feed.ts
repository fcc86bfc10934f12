import { selectorId } from "../../store/selector.ts";
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
    const id = selectorId(selector);
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
    const tell = (change: ConfigurationChange) => {
      for (const listener of listeners) listener(change);
    };
    // What comes while a large change is encoded waits for it.
    let queue = Promise.resolve();
    let queued = 0;
    const unsubscribe = this.#store.subscribe(selector, (changes) => {
      const change = new ConfigurationChange(changes);
      if (!change.isLarge && queued === 0) return tell(change);
      const next = async () => {
        if (change.isLarge) await change.event.encode();
        queued--;
        tell(change);
      };
      queued++;
      queue = queue.then(next, next);
    });
    const channel = { listeners, unsubscribe };
    this.#channels.set(id, channel);
    return channel;
  }
}
