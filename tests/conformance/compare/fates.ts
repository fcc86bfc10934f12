/** What becomes of documents: differences that are meant. */
import { readLayer } from "./model.ts";

interface KnownFate {
  readonly name: string;
  readonly why: string;
  /** The text of the document, and what ours does. */
  readonly explains: (text: string, accepted: boolean) => boolean;
}

export const knownFates: readonly KnownFate[] = [
  {
    name: "undefined or circular references",
    why: "`$ref` to nothing or in a circle rejects the document; Go leaves it as an operator.",
    explains: (text, accepted) => !accepted && text.includes('"$ref"'),
  },
  {
    name: "byte order mark",
    why: "A BOM is stripped.",
    explains: (text, accepted) => accepted && text.startsWith("\ufeff"),
  },
  {
    name: "names in another case",
    why: "Member names count as they are written; Go takes them in any case.",
    explains: (text, accepted) => !accepted && /"FLAGS"/.test(text),
  },
];

export function explainFate(text: string, accepted: boolean): string | undefined {
  return knownFates.find(({ explains }) => explains(text, accepted))?.name;
}

/**
 * A change of a flag that the source below defines too: with us it is uncovered again, with Go it is
 * gone until that source sends it once more.
 */
export function explainEvent(key: string, base: string): string | undefined {
  const isBelow = readLayer(base).some((flag) => flag.key === key);
  return isBelow ? "events of overridden flags" : undefined;
}
