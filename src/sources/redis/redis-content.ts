import type { Payload } from "../source.ts";

/** What was read, before its hash is known. */
export interface RedisContent extends Pick<Payload, "document" | "format" | "origin" | "problems"> {
  /** What decides whether anything has changed, if it is not the document. */
  readonly raw?: string;
}

/** Reads the flags over one connection. */
export interface ContentReader {
  /** The command that it reads with, in lower case, for the permission that it needs. */
  readonly command: string;
  /** @throws what the connection throws; RedisError of kind `content` if the key is missing or of no use */
  read(): Promise<RedisContent>;
}

/** What the parameters of a Redis URI say. */
export interface RedisQuery {
  /** Keys with documents, a later one over an earlier one; or a hash with one flag a field. */
  readonly content: { readonly keys: readonly [string, ...string[]] } | { readonly hash: string };
  readonly db: string | undefined;
}

const maxKeys = 100;

/**
 * @param decode undoes percent-encoding
 * @param fail is told what is wrong
 */
export function parseRedisQuery(
  query: string,
  decode: (what: string, text: string) => string,
  fail: (problem: string) => never,
): RedisQuery {
  const keys: string[] = [];
  const single: { hash?: string; db?: string } = {};
  for (const part of query.split("&").filter((part) => part !== "")) {
    const equals = part.indexOf("=");
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? "" : decode(name, part.slice(equals + 1));
    if (name === "key") {
      if (value === "") fail("the parameter key is missing: the Redis key of the flag document");
      keys.push(value);
    } else if (name === "hash" || name === "db") {
      if (single[name] !== undefined) fail(`the parameter ${name} is given twice`);
      single[name] = value;
    } else {
      fail(`unknown parameter ${JSON.stringify(name)}, expected key, hash or db`);
    }
  }
  const { hash, db } = single;
  const [key, ...more] = keys;
  if (hash !== undefined) {
    if (key !== undefined) fail("the flags are either in keys or in a hash, not in both");
    if (hash === "") fail("the parameter hash is empty: the Redis key of the hash with the flags");
    return { content: { hash }, db };
  }
  if (key === undefined) {
    return fail("the parameter key is missing: the Redis key of the flag document");
  }
  if (keys.length > maxKeys) fail(`there are more than ${maxKeys} keys`);
  if (new Set(keys).size < keys.length) fail("the same key is given twice");
  return { content: { keys: [key, ...more] }, db };
}
