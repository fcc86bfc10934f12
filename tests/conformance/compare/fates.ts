/** What becomes of documents: differences that are meant. */
import type { Json } from "../../../src/core/json.ts";
import { isObject, readLayer } from "./model.ts";
import { parse } from "./parts.ts";

interface KnownFate {
  readonly name: string;
  readonly why: string;
  /** The text of the document, and whether ours accepts it. */
  readonly explains: (text: string, accepted: boolean) => boolean;
}

export const knownFates: readonly KnownFate[] = [
  {
    name: "undefined or circular references",
    why: "`$ref` to nothing or in a circle rejects the document; Go leaves it as an operator.",
    explains: (text, accepted) => !accepted && hasBrokenReference(parse(text)),
  },
  {
    name: "member names of documents in another case",
    why: "Member names count as they are written; Go takes them in any case.",
    explains: (text, accepted) => !accepted && text.startsWith('{"FLAGS":'),
  },
];

/** The name of the rule that explains why one of the two accepts a document and the other does not. */
export function explainFate(text: string, accepted: boolean): string | undefined {
  return knownFates.find(({ explains }) => explains(text, accepted))?.name;
}

function hasBrokenReference(document: Json | undefined): boolean {
  if (!isObject(document)) return false;
  const { $evaluators, ...rest } = document;
  const evaluators = isObject($evaluators) ? $evaluators : {};
  const isBroken = (value: Json, above: readonly string[]): boolean => {
    if (typeof value !== "object" || value === null) return false;
    if (!isObject(value)) return Object.values(value).some((item) => isBroken(item, above));
    const name = value.$ref;
    if (Object.keys(value).length !== 1 || typeof name !== "string") {
      return Object.values(value).some((member) => isBroken(member, above));
    }
    const body = evaluators[name];
    return body === undefined || above.includes(name) || isBroken(body, [...above, name]);
  };
  return isBroken(rest, []) || Object.values(evaluators).some((body) => isBroken(body, []));
}

/**
 * A change of a flag that the source below defines too: with us it is uncovered again, with Go it is
 * gone until that source sends it once more.
 */
export function explainEvent(key: string, base: string): string | undefined {
  const isBelow = readLayer(base).some((flag) => flag.key === key);
  return isBelow ? "events of overridden flags" : undefined;
}
