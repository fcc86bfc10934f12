import { isObject, type Json, type JsonObject, setMember } from "../../core/json.ts";
import { parseJson } from "../../core/parse-json.ts";
import { type Kind, ValueError } from "./kind.ts";

/**
 * An evaluation context, member by member: `key=value`, or a JSON object with several. Dots in a key lead into
 * objects, as they do in rules. A value that is written as JSON writes it (`30`, `true`, `["a"]`) is that, everything
 * else (`pro`, `1.10`, `007`) is a text, and so is what stands in double quotes.
 */
export const contextMembers: Kind<JsonObject> = {
  hint: "key=value",
  fromText(text) {
    if (text.trimStart().startsWith("{")) return readObject(text);
    const end = text.indexOf("=");
    if (end < 1) throw new ValueError('expected key=value, or a JSON object like {"key":"value"}');
    const value = readValue(text.slice(end + 1));
    return text
      .slice(0, end)
      .split(".")
      .reduceRight<Json>((inner, name) => {
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
