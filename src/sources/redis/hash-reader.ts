import { checkTargeting } from "../../evaluation/rule/check.ts";
import { parseDocument } from "../../flags/document.ts";
import type { Problem } from "../../flags/model.ts";
import type { RedisConnection } from "./connection.ts";
import type { ContentReader, RedisContent } from "./redis-content.ts";
import { RedisError } from "./redis-errors.ts";

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

/** The fields of a hash that are members of the document, not flags. */
export const documentFields: ReadonlySet<string> = new Set(["$evaluators", "metadata"]);

/** A flag document, and what of the hash could not go into it. */
interface HashContent {
  readonly document: string;
  readonly problems: readonly Problem[];
}

interface Field {
  readonly text: string;
  /** Empty: it is good. */
  readonly problems: readonly Problem[];
}

/**
 * Makes a flag document of a hash with one flag a field. A field that is wrong is left out, or stays as it was
 * when it was last good: the other flags do not suffer. Remembers what it has seen, so that only fields that
 * have changed are read.
 */
export class HashDocument {
  #checked = new Map<string, Field>();
  #good = new Map<string, string>();

  /** @param fields their names and texts */
  compose(fields: readonly (readonly [name: string, text: string])[]): HashContent {
    const checked = new Map<string, Field>();
    const good = new Map<string, string>();
    for (const [name, text] of fields) {
      const before = this.#checked.get(name);
      const field = before?.text === text ? before : { text, problems: check(name, text) };
      checked.set(name, field);
      const last = field.problems.length === 0 ? text : this.#good.get(name);
      if (last !== undefined) good.set(name, last);
    }
    this.#checked = checked;
    this.#good = good;
    const flags = [...good].filter(([name]) => !documentFields.has(name));
    const members = [
      `"flags":{${flags.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",\n")}}`,
      ...[...documentFields].flatMap((name) =>
        good.has(name) ? [`"${name}":${good.get(name)}`] : [],
      ),
    ];
    return {
      document: `{${members.join(",\n")}}`,
      problems: [...checked.values()].flatMap(({ problems }) => problems),
    };
  }
}

function check(name: string, text: string): readonly Problem[] {
  const path = documentFields.has(name) ? `$.${name}` : `$.flags.${name}`;
  try {
    JSON.parse(text);
  } catch {
    return [{ path, reason: "the field is not valid JSON" }];
  }
  const document = documentFields.has(name)
    ? `{"flags":{},"${name}":${text}}`
    : `{"flags":{${JSON.stringify(name)}:${text}}}`;
  const parsed = parseDocument(document, { format: "json", strict: false, checkTargeting });
  return parsed.ok ? [] : parsed.problems;
}
