import { systemClock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { silentLog } from "../../core/log.ts";
import type { Payload } from "../../sources/source.ts";
import { createSource, type SourceConfig } from "../../sources/source-table.ts";
import type { SourceDocument } from "../read-source.ts";

export interface Observer {
  /** The documents of all sources, in their order, whenever one of them has changed. Throws for one that is wrong. */
  changed(documents: readonly SourceDocument[]): Promise<void>;
  /** A source failed, or its document is wrong: the flags stay as they are. */
  failed(message: string): Promise<void>;
}

/**
 * Follows sources until `signal` aborts. Nothing is said before each of them has delivered.
 * @throws SourceError, a permanent one, if a source cannot work as it is configured
 */
export async function observeSources(
  configs: readonly SourceConfig[],
  observer: Observer,
  signal: AbortSignal,
): Promise<void> {
  const latest = new Map<number, SourceDocument>();
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const running = configs.map(async (config, index) => {
    const source = await createSource(config, { clock: systemClock, log: silentLog });
    const { name } = source;
    const accept = async (payload: Payload): Promise<boolean> => {
      const before = latest.get(index);
      latest.set(index, { ...payload, name, provider: config.provider });
      if (latest.size < configs.length) return true;
      const documents = configs.flatMap((_, place) => latest.get(place) ?? []);
      try {
        await observer.changed(documents);
        return true;
      } catch (error) {
        // What was right before stays in use.
        if (before) latest.set(index, before);
        else latest.delete(index);
        await observer.failed(messageOf(error));
        return false;
      }
    };
    const failed = (reason: string) => void observer.failed(`source ${name}: ${reason}`);
    await source.run({ accept, unchanged() {}, failed }, stop);
  });
  try {
    await Promise.all(running);
  } finally {
    ended.abort();
    await Promise.allSettled(running);
  }
}
