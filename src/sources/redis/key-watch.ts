import type { RedisConnection } from "./connection.ts";
import type { Hint } from "./fetch-saving.ts";

/**
 * Tells between polls that a key was written to, on any server and without configuring it: after WATCH
 * the connection's flags in CLIENT INFO gain a `d` (dirty) once the key is touched. The cost is the same
 * whatever the document's size. A hint only: a proxy may falsify it, the polls remain the truth.
 */
export class KeyWatch {
  /** unproven: not answered yet · refused: the server does not do it. */
  #state: "unproven" | "working" | "refused" = "unproven";
  /** The server's number of the connection that watches: behind a proxy it may become another one. */
  #id: string | undefined;

  constructor(
    private readonly connection: RedisConnection,
    private readonly key: string,
  ) {}

  get works(): boolean {
    return this.#state === "working";
  }

  /**
   * Watches from now on. Send it in one go with the read that follows, so that no change falls between.
   * Never rejects: false where it does not work, be it refused or the connection lost.
   */
  async arm(): Promise<boolean> {
    if (this.#state === "refused") return false;
    const replies = await Promise.allSettled([
      this.connection.send("UNWATCH", []),
      this.connection.send("WATCH", [this.key]),
      this.connection.send("CLIENT", ["INFO"]),
    ]);
    const info = replies[2];
    const armed =
      replies.every(({ status }) => status === "fulfilled") &&
      info.status === "fulfilled" &&
      field("flags", info.value) !== undefined;
    this.#id = armed ? field("id", info.value) : undefined;
    this.#state = armed ? "working" : "refused";
    return armed;
  }

  /** @throws what the connection throws when it is lost; a server that now refuses is not asked again */
  async touched(): Promise<boolean> {
    return (await this.#flags())?.includes("d") ?? false;
  }

  /**
   * What it knows of the time since it was armed.
   * @throws as {@link touched}
   */
  async hint(): Promise<Hint> {
    if (!this.works) return undefined;
    const flags = await this.#flags(this.#id);
    if (flags === undefined) return undefined;
    return flags.includes("d") ? "touched" : "quiet";
  }

  /** @param id undefined: of any connection */
  async #flags(id?: string): Promise<string | undefined> {
    try {
      const info = await this.connection.send("CLIENT", ["INFO"]);
      return id === undefined || field("id", info) === id ? field("flags", info) : undefined;
    } catch (error) {
      if (this.connection.closed) throw error;
      this.#state = "refused";
      return undefined;
    }
  }
}

function field(name: "id" | "flags", info: unknown): string | undefined {
  return typeof info === "string" ? new RegExp(`(?:^| )${name}=(\\S+)`).exec(info)?.[1] : undefined;
}
