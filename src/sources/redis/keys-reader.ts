import type { RedisConnection } from "./connection.ts";
import type { ContentReader, RedisContent } from "./content.ts";
import { layeredDocument } from "./layered-document.ts";
import { RedisError } from "./redis-error.ts";

/** Reads several keys with one document each, all at the same moment. */
export class KeysReader implements ContentReader {
  readonly command = "mget";

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: readonly string[],
  ) {}

  async read(): Promise<RedisContent> {
    const reply = await this.connection.fetch("MGET", this.keys);
    const texts: readonly unknown[] = Array.isArray(reply) ? reply : [];
    const documents = this.keys.map((key, n) => {
      const text = texts[n];
      const name = JSON.stringify(key);
      if (typeof text !== "string") {
        throw new RedisError(
          `the key ${name} does not exist in the database, or is not a string`,
          "content",
        );
      }
      if (text === "") throw new RedisError(`the key ${name} is empty`, "content");
      return { key, text };
    });
    const document = layeredDocument(documents, (key, reason) => {
      throw new RedisError(
        `the key ${JSON.stringify(key)} holds no flag document: ${reason}`,
        "content",
      );
    });
    const names = this.keys.map((key) => JSON.stringify(key)).join(", ");
    return { document, format: "json", origin: `Redis strings ${names}` };
  }
}
