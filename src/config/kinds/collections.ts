import { isObject, type Json, type JsonObject, setMember } from "../../core/json.ts";
import { parseJson } from "../../core/json-syntax.ts";
import { quote } from "../../core/message-text.ts";
import { type Kind, ValueError } from "./kind.ts";

/**
 * Comma-separated fields. A field in double quotes may hold commas, `""` in it stands for one quote
 * (RFC 4180).
 */
export function splitCommas(text: string): string[] {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"(?=,|$)|([^,]*))(,|$)/y;
  for (let more = text !== ""; more; ) {
    const match = field.exec(text);
    fields.push(match?.[1]?.replaceAll('""', '"') ?? match?.[2] ?? "");
    more = match?.[3] === ",";
  }
  return fields;
}

const splitSpace = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");

/** Texts; repeatable and comma-separated on the command line, separated by white space elsewhere. */
export function list(hint: string): Kind<readonly string[]> {
  return {
    hint,
    fromText: (text) => splitCommas(text).map((entry) => entry.trim()),
    fromEnv: splitSpace,
    fromFile(value) {
      if (typeof value === "string") return splitSpace(value);
      if (!Array.isArray(value)) throw new ValueError("expected a list of strings");
      return value.map((entry: unknown) => {
        if (typeof entry === "string") return entry.trim();
        throw new ValueError("expected a list of strings");
      });
    },
    join: (earlier, later) => [...earlier, ...later],
    show: (value) => value.join(","),
  };
}

/** The hosts of one URI are separated by commas, as URIs are: a part that begins no other URI belongs to the one before. */
const openHosts = /^[a-z]+(?:\+tls)?\+(?:cluster|sentinel):\/\/[^/?]*$/i;

/** Texts as {@link list} reads them, with several hosts in some of them. */
export const uriList: Kind<readonly string[]> = {
  ...list("uri"),
  fromText(text) {
    const uris: string[] = [];
    for (const part of list("uri").fromText(text)) {
      const last = uris.at(-1) ?? "";
      const belongs = openHosts.test(last) && !/^[a-z+]+:\/\/|^file:/i.test(part);
      if (belongs) uris.splice(-1, 1, `${last},${part}`);
      else uris.push(part);
    }
    return uris;
  },
};

type StringMap = ReadonlyMap<string, string>;

/** `key=value` pairs on the command line, a JSON object in the environment, a mapping in the file. */
export function map(hint: string): Kind<StringMap> {
  return {
    hint,
    fromText: (text) => new Map(splitPairs(text).map(splitPair)),
    fromEnv(text) {
      refuseQuoting(text, "{…}");
      return readMap(parseJson(text, refuse('expected a JSON object, like {"key":"value"}')));
    },
    fromFile: readMap,
    join: (earlier, later) => new Map([...earlier, ...later]),
    show: () => "",
  };
}

const refuse =
  (expected: string) =>
  (problem: string): never => {
    throw new ValueError(`${expected}; ${problem}`);
  };

/** One pair may hold commas in its value; they separate only if more pairs follow. */
function splitPairs(text: string): string[] {
  return text.split("=").length === 2 ? [text.replace(/^"|"$/g, "")] : splitCommas(text);
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf("=");
  if (equals < 0) throw new ValueError(`${JSON.stringify(pair)} must be formatted as key=value`);
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

function readMap(value: unknown): StringMap {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ValueError("expected an object with string values");
  }
  return new Map(
    Object.entries(value).map(([key, entry]: [string, unknown]) => {
      if (typeof entry === "string") return [key, entry];
      if (typeof entry === "number" || typeof entry === "boolean") return [key, String(entry)];
      throw new ValueError(`the value of ${JSON.stringify(key)} is not a string`);
    }),
  );
}

/**
 * Names the two mistakes with quotes: none around JSON when a shell reads it, which then removes those within, and
 * some when no shell does (a Kubernetes manifest, an `--env-file`), which are then part of the value.
 * @param shown JSON of this kind: `[…]`
 * @throws ValueError
 */
function refuseQuoting(text: string, shown: string): void {
  if (/^'.*'$/s.test(text)) {
    throw new ValueError("the quotes around it are part of the value here", shown);
  }
  if (/^[[{]/.test(text) && /[a-z]/i.test(text) && !text.includes('"')) {
    const problem = text.includes("'") ? "JSON has double quotes" : "the shell removed the quotes";
    throw new ValueError(problem, `'${shown}'`);
  }
}

/** A JSON array as text, a list in the file; its entries are checked where they are used. */
export const jsonArray: Kind<readonly unknown[]> = {
  hint: "json",
  fromText(text) {
    refuseQuoting(text, "[…]");
    return readArray(text);
  },
  fromFile(value) {
    if (typeof value === "string") return readArray(value);
    if (!Array.isArray(value)) throw new ValueError("expected a list of source objects");
    return value;
  },
  show: () => "",
};

function readArray(text: string): readonly unknown[] {
  if (text === "") return [];
  const value = parseJson(text, refuse("expected an array of source objects"));
  if (!Array.isArray(value)) throw new ValueError("expected a JSON array of source objects");
  return value;
}

/**
 * An evaluation context, member by member: `key=value`, or a JSON object with several. Dots in a key lead into
 * objects, as they do in rules. A value that is written as JSON writes it (`30`, `true`, `["a"]`) is that, everything
 * else (`pro`, `1.10`, `007`) is a text, and so is what stands in double quotes.
 */
export const contextMembers: Kind<JsonObject> = {
  hint: "key=value",
  fromText(text) {
    if (text.trimStart().startsWith("{")) return readObject(text);
    const [path, value] = readMember(text);
    return path.reduceRight<Json>((inner, name) => {
      const object: Record<string, Json> = {};
      setMember(object, name, inner);
      return object;
    }, value) as JsonObject;
  },
  fromFile() {
    throw new ValueError("expected on the command line only");
  },
  join: merged,
  show: () => "",
};

/**
 * `user.age=30` as a path and a value.
 * @throws ValueError
 */
export function readMember(text: string): [path: string[], value: Json] {
  const end = text.indexOf("=");
  if (end < 1)
    throw new ValueError(
      `expected key=value, or a JSON object like {"key":"value"}, found ${quote(text)}`,
    );
  return [text.slice(0, end).split("."), readValue(text.slice(end + 1))];
}

function readObject(text: string): JsonObject {
  const value = parseJson(text, (problem) => {
    throw new ValueError(problem);
  });
  return value as JsonObject;
}

function readValue(text: string): Json {
  try {
    const value = JSON.parse(text);
    const exact = typeof value !== "number" || JSON.stringify(value) === text;
    return exact ? value : text;
  } catch {
    return text;
  }
}

/** What comes later wins, within objects too. */
function merged(earlier: JsonObject, later: JsonObject): JsonObject {
  const members: Record<string, Json> = { ...earlier };
  for (const [name, value] of Object.entries(later)) {
    const before = Object.hasOwn(members, name) ? members[name] : undefined;
    setMember(members, name, isObject(before) && isObject(value) ? merged(before, value) : value);
  }
  return members;
}
