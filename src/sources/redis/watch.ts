import type { RedisConnection } from "./connection.ts";

/**
 * Tells between polls that a key was written to, on any server and without configuring it: after WATCH
 * the connection's flags in CLIENT INFO gain a `d` (dirty) once the key is touched. The cost is the same
 * whatever the document's size. A hint only: a proxy may falsify it, the polls remain the truth.
 */
export class KeyWatch {
  /** unproven: not answered yet · refused: the server does not do it. */
  #state: "unproven" | "working" | "refused" = "unproven";

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
      flagsOf(info.value) !== undefined;
    this.#state = armed ? "working" : "refused";
    return armed;
  }

  /** @throws what the connection throws when it is lost; a server that now refuses is not asked again */
  async touched(): Promise<boolean> {
    try {
      return flagsOf(await this.connection.send("CLIENT", ["INFO"]))?.includes("d") ?? false;
    } catch (error) {
      if (this.connection.closed) throw error;
      this.#state = "refused";
      return false;
    }
  }
}

function flagsOf(info: unknown): string | undefined {
  return typeof info === "string" ? /(?:^| )flags=(\S+)/.exec(info)?.[1] : undefined;
}
