import type { RedisConnection } from "./connection.ts";
import { RedisFault } from "./redis-error.ts";

/** The content of the key. */
export interface RedisDocument {
  readonly content: Uint8Array | string;
  readonly type: "string" | "JSON";
}

const wrongType = /wrong (redis )?type|WRONGTYPE/i;
const noJson = /unknown command|^NOPERM.*'json\.get'/i;
const noGet = /^NOPERM.*'get'/i;

/**
 * Reads a key that holds a string or a RedisJSON document. It remembers which, so that a read is one
 * round trip until the type changes; one reader per connection, as servers differ.
 */
export class DocumentReader {
  #type: RedisDocument["type"] = "string";

  constructor(
    private readonly connection: RedisConnection,
    private readonly key: string,
  ) {}

  /**
   * Undefined: there is no such key.
   * @throws what the connection throws; RedisFault where the key holds neither
   */
  async read(): Promise<RedisDocument | undefined> {
    const refusals: string[] = [];
    for (const type of [this.#type, this.#type === "string" ? "JSON" : "string"] as const) {
      try {
        const content = await this.#get(type);
        this.#type = type;
        return content === null ? undefined : { content, type };
      } catch (error) {
        const refusal = error instanceof Error ? error.message : "";
        const notSo = type === "JSON" ? noJson : noGet;
        if (!wrongType.test(refusal) && !notSo.test(refusal)) throw error;
        refusals.push(refusal);
      }
    }
    // From the start again: what holds for the next content is unknown.
    this.#type = "string";
    const forbidden = refusals.find((refusal) => noGet.test(refusal));
    if (forbidden) throw new Error(forbidden);
    throw new RedisFault(
      `the key "${this.key}" holds neither a string nor a JSON document` +
        (refusals.some((refusal) => noJson.test(refusal))
          ? " that can be read (the server does not support JSON.GET, or does not permit it)"
          : ""),
      "passing",
    );
  }

  async #get(type: RedisDocument["type"]): Promise<Uint8Array | string | null> {
    if (type === "string") return this.connection.getBytes(this.key);
    // Without a path: `$` would wrap the document in an array.
    const reply = await this.connection.fetch("JSON.GET", [this.key]);
    if (reply === null || typeof reply === "string") return reply;
    throw new RedisFault("the response to JSON.GET is not text", "passing");
  }
}
