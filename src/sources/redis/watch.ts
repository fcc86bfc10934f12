import type { Log } from "../../telemetry/log.ts";
import type { RedisConnection } from "./connection.ts";

const deadlineMs = 3_000;

/**
 * Whether the key was touched, without fetching it: Redis marks a connection as dirty once a key that
 * it watches changes (https://redis.io/docs/latest/commands/watch/), and CLIENT INFO shows the mark.
 * That needs no configuration of the server and costs the same for a document of any size.
 *
 * Only a hint: a proxy may answer for another connection. The poll stays the truth.
 */
export class KeyWatch {
  #works = true;

  constructor(
    private readonly connection: RedisConnection,
    private readonly key: string,
    private readonly log: Log,
  ) {}

  get works(): boolean {
    return this.#works;
  }

  /** Watches from now on. To be awaited before the fetch whose staleness {@link touched} tells. */
  async arm(): Promise<void> {
    await this.#attempt(async () => {
      // EXEC and UNWATCH alone take the mark away.
      const unwatched = this.connection.send("UNWATCH", [], deadlineMs);
      const watched = this.connection.send("WATCH", [this.key], deadlineMs);
      await Promise.all([unwatched, watched]);
    });
  }

  async touched(): Promise<boolean> {
    let touched = false;
    await this.#attempt(async () => {
      const info = await this.connection.send("CLIENT", ["INFO"], deadlineMs);
      const flags = / flags=(\S+)/.exec(String(info))?.[1];
      if (flags === undefined) throw new Error("ERR CLIENT INFO says nothing of flags");
      touched = flags.includes("d");
    });
    return touched;
  }

  /** A server that refuses is no failure; a connection that broke is one. */
  async #attempt(action: () => Promise<void>): Promise<void> {
    if (!this.#works) return;
    try {
      await action();
    } catch (error) {
      const { message } = error as Error;
      if (!/^(?:ERR|NOPERM)/.test(message)) throw error;
      this.#works = false;
      this.log.debug(
        `changes show at the next poll only, the server refuses to be watched: ${message}`,
      );
    }
  }
}
