import type { RedisConnection } from "./connection.ts";
import { type HashDocument, HashReader } from "./hash-reader.ts";
import { KeysReader } from "./keys-reader.ts";
import type { ContentReader, RedisContent } from "./redis-content.ts";
import { RedisError } from "./redis-errors.ts";
import type { RedisUri } from "./redis-uri.ts";

/** @param hashDocument what is remembered of a hash beyond one connection */
export function createReader(
  connection: RedisConnection,
  content: RedisUri["content"],
  hashDocument: HashDocument,
): ContentReader {
  if ("hash" in content) return new HashReader(connection, content.hash, hashDocument);
  const [key, ...more] = content.keys;
  if (more.length > 0) return new KeysReader(connection, content.keys);
  return new DocumentReader(connection, key);
}

/** The keys of the database that the content is in. */
export function keysOf(content: RedisUri["content"]): readonly string[] {
  return "hash" in content ? [content.hash] : content.keys;
}

type KeyType = "string" | "JSON";

const wrongType = /wrong (redis )?type|WRONGTYPE/i;
const noJson = /unknown command|^NOPERM.*'json\.get'/i;
const noGet = /^NOPERM.*'get'/i;

/**
 * Reads a key that holds a string or a RedisJSON document. It remembers which, so that a read is one
 * round trip until the type changes; one reader per connection, as servers differ.
 */
export class DocumentReader implements ContentReader {
  readonly command = "get";
  #type: KeyType = "string";

  constructor(
    private readonly connection: RedisConnection,
    private readonly key: string,
  ) {}

  async read(): Promise<RedisContent> {
    const name = JSON.stringify(this.key);
    const { document, type } = await this.#find();
    if (document === null) {
      throw new RedisError(`the key ${name} does not exist in the database`, "content");
    }
    if (document.length === 0) throw new RedisError(`the key ${name} is empty`, "content");
    return { document, format: type === "JSON" ? "json" : "any", origin: `Redis ${type} ${name}` };
  }

  async #find(): Promise<{ document: Uint8Array | string | null; type: KeyType }> {
    const refusals: string[] = [];
    for (const type of [this.#type, this.#type === "string" ? "JSON" : "string"] as const) {
      try {
        const document = await this.#get(type);
        this.#type = type;
        return { document, type };
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
    throw new RedisError(
      `the key ${JSON.stringify(this.key)} holds neither a string nor a JSON document` +
        (refusals.some((refusal) => noJson.test(refusal))
          ? " that can be read (the server does not support JSON.GET, or does not permit it)"
          : ""),
      "content",
    );
  }

  async #get(type: KeyType): Promise<Uint8Array | string | null> {
    if (type === "string") return this.connection.getBytes(this.key);
    // Without a path: `$` would wrap the document in an array.
    const reply = await this.connection.fetch("JSON.GET", [this.key]);
    if (reply === null || typeof reply === "string") return reply;
    throw new RedisError("the response to JSON.GET is not text", "content");
  }
}
