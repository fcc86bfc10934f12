import type { RedisConnection } from "./connection.ts";
import type { ContentReader, RedisContent } from "./content.ts";
import type { HashDocument } from "./hash-document.ts";
import { RedisError } from "./redis-error.ts";

/** Reads a hash with one flag a field, all of them at the same moment. */
export class HashReader implements ContentReader {
  readonly command = "hgetall";

  constructor(
    private readonly connection: RedisConnection,
    private readonly key: string,
    /** Outlives the connection. */
    private readonly composer: HashDocument,
  ) {}

  async read(): Promise<RedisContent> {
    const name = JSON.stringify(this.key);
    const reply = await this.connection.fetch("HGETALL", [this.key]).catch((error: unknown) => {
      if (!/WRONGTYPE/.test(String(error))) throw error;
      throw new RedisError(`the key ${name} is not a hash: for a document, write key=`, "content");
    });
    const fields = Object.entries(reply ?? {}).filter(
      (field): field is [string, string] => typeof field[1] === "string",
    );
    if (fields.length === 0) {
      throw new RedisError(`the hash ${name} does not exist in the database`, "content");
    }
    // The server gives them in no order that lasts.
    fields.sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      ...this.composer.compose(fields),
      raw: JSON.stringify(fields),
      format: "json",
      origin: `Redis hash ${name}`,
    };
  }
}
