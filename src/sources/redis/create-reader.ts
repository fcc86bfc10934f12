import type { RedisConnection } from "./connection.ts";
import type { ContentReader } from "./content.ts";
import { DocumentReader } from "./document-reader.ts";
import type { HashDocument } from "./hash-document.ts";
import { HashReader } from "./hash-reader.ts";
import { KeysReader } from "./keys-reader.ts";
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
