import type { Json } from "../../core/json.ts";
import { removeFromJson, setInJson } from "../../core/json-edit.ts";
import type { Problem } from "../../flags/model.ts";
import { contentHash } from "../content-hash.ts";
import type { RedisConnection } from "./connection.ts";
import { HashDocument } from "./hash-reader.ts";
import { RedisError } from "./redis-errors.ts";
import type { RedisUri } from "./redis-uri.ts";

/** One value that is to become another one, by its path from the root of the document; undefined: that is to go. */
export interface StoredEdit {
  readonly path: readonly (string | number)[];
  readonly value: Json | undefined;
}

/** A command of a transaction. */
export type Command = readonly [name: string, ...args: string[]];

/** What brings flags back as they were before a change: the document, or the fields of a hash that it changed. */
export type Before =
  | { readonly document: string | null }
  | { readonly fields: Readonly<Record<string, string | null>> };

/** What is to be written, and what it comes to. */
export interface StoredChange {
  readonly commands: readonly Command[];
  readonly document: string;
  readonly before: Before;
  /** Fields of the change that no daemon could read. */
  readonly problems: readonly string[];
}

/** The flags of one key as they are in the database, and how each kind of key is written. */
export interface StoredFlags {
  readonly form: "text" | "RedisJSON document" | "hash";
  /** As one flag document; undefined: there is no such key. */
  readonly document: string | undefined;
  /** Of what is there: of two equal ones nothing has changed. */
  readonly version: string;
  /** Fields of a hash that no daemon can read. */
  readonly problems: readonly string[];
  /**
   * @param edited the document with the edits in it
   */
  edit(edits: readonly StoredEdit[], edited: string): StoredChange;
  replace(document: string, members: WholeDocument): StoredChange;
  restore(before: Before): StoredChange;
}

/** A document in the parts that a hash has fields for. */
export type WholeDocument = ReadonlyMap<string, string>;

/** The one key that the flags are in. @throws RedisError for several */
export function keyOf(content: RedisUri["content"]): string {
  if ("hash" in content) return content.hash;
  const [key, ...more] = content.keys;
  if (more.length === 0) return key;
  throw new RedisError(
    `the URI names ${content.keys.length} keys: name the one to change, as in ?key=${encodeURIComponent(key)}`,
    "permanent",
  );
}

/** @throws what the connection throws; RedisError for a key of another type */
export async function readStoredFlags(
  connection: RedisConnection,
  content: RedisUri["content"],
): Promise<StoredFlags> {
  const key = keyOf(content);
  if ("hash" in content) return readHash(connection, key);
  try {
    const bytes = await connection.getBytes(key);
    const text = bytes === null ? undefined : new TextDecoder().decode(bytes);
    return await textFlags(key, text);
  } catch (error) {
    if (!/wrong (redis )?type|WRONGTYPE/i.test(String(error))) throw error;
  }
  const reply = await connection.fetch("JSON.GET", [key]).catch((error: unknown) => {
    if (!/wrong (redis )?type|WRONGTYPE|unknown command/i.test(String(error))) throw error;
    const advice = "for a hash with one flag a field, write ?hash= instead of ?key=";
    throw new RedisError(
      `the key ${JSON.stringify(key)} holds neither a string nor a JSON document: ${advice}`,
      "content",
    );
  });
  return jsonFlags(key, typeof reply === "string" ? reply : "null");
}

async function textFlags(key: string, document: string | undefined): Promise<StoredFlags> {
  const write = (text: string): StoredChange => ({
    // An expiry that somebody has set stays.
    commands: [["SET", key, text, "KEEPTTL"]],
    document: text,
    before: { document: document ?? null },
    problems: [],
  });
  return {
    form: "text",
    document,
    version: await versionOf(document),
    problems: [],
    edit: (_, edited) => write(edited),
    replace: write,
    restore: (before) => write(documentIn(before)),
  };
}

/** Written by path, so that what is not changed is not sent. */
async function jsonFlags(key: string, document: string): Promise<StoredFlags> {
  const before = { document };
  const write = (text: string): StoredChange => ({
    commands: [["JSON.SET", key, "$", text]],
    document: text,
    before,
    problems: [],
  });
  return {
    form: "RedisJSON document",
    document,
    version: await versionOf(document),
    problems: [],
    edit: (edits, edited) => {
      const commands = edits.map(({ path, value }): Command | undefined => {
        const at = jsonPath(path);
        if (at === undefined) return undefined;
        if (value === undefined) return ["JSON.DEL", key, at];
        return ["JSON.SET", key, at, JSON.stringify(value)];
      });
      const known = commands.filter((command) => command !== undefined);
      if (known.length < commands.length || hasIndex(edits)) return write(edited);
      return { commands: known, document: edited, before, problems: [] };
    },
    replace: write,
    restore: (before) => write(documentIn(before)),
  };
}

/** Names that JSONPath writes alike everywhere; undefined: there are others in it. */
function jsonPath(path: readonly (string | number)[]): string | undefined {
  const steps = path.map((step) =>
    /^[\w.\-:/ ]+$/.test(String(step)) ? `[${JSON.stringify(step)}]` : undefined,
  );
  return steps.includes(undefined) ? undefined : `$${steps.join("")}`;
}

/** Removing one element moves those behind it. */
function hasIndex(edits: readonly StoredEdit[]): boolean {
  return edits.some(({ path }) => path.some((step) => typeof step === "number"));
}

async function readHash(connection: RedisConnection, key: string): Promise<StoredFlags> {
  const reply = await connection.fetch("HGETALL", [key]).catch((error: unknown) => {
    if (!/WRONGTYPE/.test(String(error))) throw error;
    const advice = "for a document, write ?key= instead of ?hash=";
    throw new RedisError(`the key ${JSON.stringify(key)} is not a hash: ${advice}`, "content");
  });
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(reply ?? {})) {
    if (typeof value === "string") fields.set(name, value);
  }
  const write = (changed: ReadonlyMap<string, string | null>): StoredChange => {
    const next = new Map(fields);
    const before: Record<string, string | null> = {};
    const set: string[] = [];
    const gone: string[] = [];
    for (const [name, text] of changed) {
      if (text === (fields.get(name) ?? null)) continue;
      before[name] = fields.get(name) ?? null;
      if (text === null) {
        next.delete(name);
        gone.push(name);
      } else {
        next.set(name, text);
        set.push(name, text);
      }
    }
    const commands: Command[] = [];
    if (set.length > 0) commands.push(["HSET", key, ...set]);
    if (gone.length > 0) commands.push(["HDEL", key, ...gone]);
    const changes = [...changed].flatMap(([name, text]): [string, string][] =>
      text === null ? [] : [[name, text]],
    );
    return {
      commands,
      document: composed(next).document,
      before: { fields: before },
      problems: composed(new Map(changes)).problems.map(inLine),
    };
  };
  const { document, problems } = composed(fields);
  return {
    form: "hash",
    document: fields.size === 0 ? undefined : document,
    version: await versionOf(fields.size === 0 ? undefined : JSON.stringify(sorted(fields))),
    problems: problems.map(inLine),
    edit(edits) {
      const changed = new Map<string, string | null>();
      for (const { path, value } of edits) {
        const [member, name] = path;
        const field = String(member === "flags" ? name : member);
        const within = path.slice(member === "flags" ? 2 : 1);
        const text = changed.get(field) ?? fields.get(field) ?? "{}";
        if (value !== undefined) changed.set(field, setInJson(text, within, value));
        else changed.set(field, within.length === 0 ? null : removeFromJson(text, within));
      }
      return write(changed);
    },
    replace(_, members) {
      const gone = [...fields.keys()].filter((name) => !members.has(name));
      return write(new Map([...members, ...gone.map((name) => [name, null] as const)]));
    },
    restore: (before) => write(new Map(Object.entries("fields" in before ? before.fields : {}))),
  };
}

function composed(fields: ReadonlyMap<string, string>) {
  return new HashDocument().compose(sorted(fields));
}

function inLine({ path, reason }: Problem): string {
  return `${path}: ${reason}`;
}

function sorted(fields: ReadonlyMap<string, string>): [string, string][] {
  return [...fields].sort(([a], [b]) => (a < b ? -1 : 1));
}

function documentIn(before: Before): string {
  if ("document" in before && before.document !== null) return before.document;
  throw new RedisError("there were no flags before that change: nothing to go back to", "content");
}

/** The beginning of its SHA3-256: enough to tell two versions apart that people have made. */
async function versionOf(content: string | undefined): Promise<string> {
  return content === undefined ? "none" : (await contentHash(content)).slice(0, 12);
}
