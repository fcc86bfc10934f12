import type { RedisConnection } from "./connection.ts";
import { RedisTrouble } from "./trouble.ts";

/** What is under the key. */
export type Fetched =
  | { readonly kind: "string"; readonly document: Uint8Array }
  | { readonly kind: "json"; readonly document: string }
  | { readonly kind: "missing" }
  | { readonly kind: "wrong type" }
  /** The key belongs to another node of a cluster. */
  | { readonly kind: "moved"; readonly host: string; readonly port: number };

/** Generous: a large document over a slow line is no failure. */
const fetchDeadlineMs = 15_000;

/**
 * Reads the key as a string or as a JSON document of RedisJSON, whichever it is. What it was the last
 * time is tried first, so that one round trip is enough until the type changes.
 */
export class DocumentFetcher {
  #mode: "string" | "json" = "string";
  #jsonAbsent = false;

  constructor(
    private readonly connection: RedisConnection,
    private readonly key: string,
  ) {}

  /** @throws what the connection throws for anything but a wrong type */
  async fetch(): Promise<Fetched> {
    const first = await this.#try(this.#mode);
    if (first) return first;
    const other = this.#mode === "json" ? "string" : "json";
    if (other === "json" && this.#jsonAbsent) return { kind: "wrong type" };
    const second = await this.#try(other);
    if (!second) return { kind: "wrong type" };
    this.#mode = other;
    return second;
  }

  /** Undefined: this is not the way to read what is there. */
  async #try(mode: "string" | "json"): Promise<Fetched | undefined> {
    try {
      return mode === "json" ? await this.#json() : await this.#string();
    } catch (error) {
      const { message } = error as Error;
      if (/^WRONGTYPE|wrong Redis type/i.test(message)) return undefined;
      const moved = /^MOVED \d+ (.*):(\d+)$/.exec(message);
      if (moved?.[1]) return { kind: "moved", host: moved[1], port: Number(moved[2]) };
      if (mode === "json" && /unknown command|^NOPERM/i.test(message)) {
        this.#jsonAbsent = true;
        return undefined;
      }
      throw error;
    }
  }

  async #string(): Promise<Fetched> {
    const document = await this.connection.getBytes(this.key, fetchDeadlineMs);
    return document === null ? { kind: "missing" } : { kind: "string", document };
  }

  async #json(): Promise<Fetched> {
    // Without a path the reply is the document itself; with `$` it would stand in an array.
    const document = await this.connection.send("JSON.GET", [this.key], fetchDeadlineMs);
    if (document === null) return { kind: "missing" };
    if (typeof document === "string") return { kind: "json", document };
    throw new RedisTrouble("JSON.GET gave no text", false);
  }
}
