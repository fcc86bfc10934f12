import { gunzipSync, gzipSync } from "node:zlib";
import type { RedisConnection } from "./connection.ts";
import { RedisError } from "./redis-errors.ts";
import type { Before, Command } from "./stored-flags.ts";

/** One change of flags, and what takes it back. */
export interface HistoryEntry {
  /** No two changes have the same one. */
  readonly id: string;
  /** ISO 8601. */
  readonly time: string;
  readonly user: string;
  readonly message: string;
  /** What was done: `set banner-text defaultVariant=loud`. */
  readonly change: string;
  readonly before: Before;
}

/** Longer entries are compressed: a document compresses to a tenth. */
const longEntry = 4096;
/** Of all entries together, compressed: large documents have a shorter history. */
const maxBytes = 32 << 20;
/** What an entry may decompress to. */
const maxEntry = 512 << 20;

/**
 * The list beside a key that its history is kept in. In a cluster it has to be in the same slot.
 * @returns undefined if there is no such name
 */
export function historyKey(key: string, mode: string | undefined): string | undefined {
  if (mode !== "cluster" || /\{[^}]+\}/.test(key)) return `${key}:history`;
  // A brace of its own would end the tag too early.
  return /[{}]/.test(key) ? undefined : `{${key}}:history`;
}

/** The commands that keep one more change, of at most `max`. */
export function keepEntry(history: string, entry: HistoryEntry, max: number): Command[] {
  const json = JSON.stringify(entry);
  const text = json.length < longEntry ? json : `gzip ${gzipSync(json).toString("base64")}`;
  const kept = Math.max(1, Math.min(max, Math.floor(maxBytes / text.length)));
  return [
    ["LPUSH", history, text],
    ["LTRIM", history, "0", String(kept - 1)],
  ];
}

/**
 * The latest changes, the last one first.
 * @throws what the connection throws; RedisError if the key holds something else
 */
export async function readHistory(
  connection: RedisConnection,
  history: string,
  count: number,
): Promise<HistoryEntry[]> {
  const reply = await connection
    .fetch("LRANGE", [history, "0", String(count - 1)])
    .catch((error: unknown) => {
      if (!/WRONGTYPE/.test(String(error))) throw error;
      throw new RedisError(
        `the key ${JSON.stringify(history)} is no list of changes: rename it, or use --no-history`,
        "content",
      );
    });
  return Array.isArray(reply) ? reply.flatMap((text) => decode(String(text))) : [];
}

/** What was written by others is left out. */
function decode(text: string): HistoryEntry[] {
  try {
    const json = text.startsWith("gzip ")
      ? gunzipSync(Buffer.from(text.slice(5), "base64"), { maxOutputLength: maxEntry }).toString()
      : text;
    const entry = JSON.parse(json) as Partial<HistoryEntry>;
    const { id, time, user, message = "", change, before } = entry;
    if (!id || !time || !user || !change || typeof before !== "object") return [];
    return [{ id, time, user, message, change, before }];
  } catch {
    return [];
  }
}
