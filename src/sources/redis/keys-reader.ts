import { isArray, isObject, type Json, type JsonObject } from "../../core/json.ts";
import { parseText } from "../../flags/document-text.ts";
import { FindingList } from "../../flags/findings.ts";
import type { RedisConnection } from "./connection.ts";
import type { ContentReader, RedisContent } from "./redis-content.ts";
import { RedisError } from "./redis-errors.ts";

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

/** A document and the key that holds it. */
interface KeyedDocument {
  readonly key: string;
  readonly text: string;
}

/**
 * Several flag documents as one: of the same flag, the one in the later document counts. A document's metadata
 * go to its own flags; evaluators are shared, the later one of the same name counts.
 * @param refuse is told which key holds no flag document, and why
 */
export function layeredDocument(
  documents: readonly KeyedDocument[],
  refuse: (key: string, reason: string) => never,
): string {
  const flags: Json[] = [];
  let evaluators: JsonObject = {};
  for (const { key, text } of documents) {
    const problems = new FindingList();
    const parsed = parseText(text, "any", { problems, warnings: new FindingList() });
    const [problem] = problems.toArray();
    const document = parsed?.value as Json | undefined;
    if (problem || document === undefined || !isObject(document) || document.flags === undefined) {
      refuse(key, problem?.reason ?? 'expected an object with the member "flags"');
    }
    const { metadata = {} } = document;
    const inherited = isObject(metadata) ? metadata : {};
    flags.push(...flagsOf(document.flags ?? null).map((flag) => withMetadata(flag, inherited)));
    const own = document.$evaluators ?? {};
    if (isObject(own)) evaluators = { ...evaluators, ...own };
  }
  return JSON.stringify({ flags, $evaluators: evaluators });
}

/** As an array, in which each flag has its key. */
function flagsOf(flags: Json): readonly Json[] {
  if (isArray(flags)) return flags;
  if (!isObject(flags)) return [];
  return Object.entries(flags).map(([key, flag]) => (isObject(flag) ? { ...flag, key } : flag));
}

function withMetadata(flag: Json, inherited: JsonObject): Json {
  if (!isObject(flag)) return flag;
  const { metadata = {} } = flag;
  return isObject(metadata) ? { ...flag, metadata: { ...inherited, ...metadata } } : flag;
}
