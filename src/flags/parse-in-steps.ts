import type { Json } from "./model.ts";
import type { Steps } from "./steps.ts";

/** Values between two steps: parsed in a fraction of a millisecond. */
const stepLength = 500;

type Open =
  | { readonly kind: "array"; readonly elements: Json[] }
  | { readonly kind: "object"; readonly members: [string, Json][]; name: string };

/**
 * `JSON.parse` in steps, for text that is known to be valid and without spaces, such as canonical JSON.
 * Slower, so for long texts only.
 */
export function* parseInSteps(text: string): Steps<Json> {
  const open: Open[] = [];
  let at = 0;
  for (let count = 1; ; count++) {
    if (count % stepLength === 0) yield;
    let value: Json;
    const begin = text[at];
    if ((begin === "[" || begin === "{") && !isClosing(text[at + 1])) {
      const container: Open =
        begin === "[" ? { kind: "array", elements: [] } : { kind: "object", members: [], name: "" };
      open.push(container);
      at++;
      if (container.kind === "object") at = readName(container, text, at);
      continue;
    }
    const end = endOfValue(text, at);
    value = JSON.parse(text.slice(at, end));
    at = end;
    // The value may be the last of its container, which may be the last of its own.
    for (;;) {
      const container = open.at(-1);
      if (container === undefined) return value;
      if (container.kind === "array") container.elements.push(value);
      else container.members.push([container.name, value]);
      const more = text[at++] === ",";
      if (more) {
        if (container.kind === "object") at = readName(container, text, at);
        break;
      }
      open.pop();
      // Defines members and does not assign them: `__proto__` is a member like any other.
      value =
        container.kind === "array" ? container.elements : Object.fromEntries(container.members);
    }
  }
}

/** Reads `"name":` and returns the place behind it. */
function readName(container: Open & { kind: "object" }, text: string, start: number): number {
  const end = endOfString(text, start);
  container.name = JSON.parse(text.slice(start, end));
  return end + 1;
}

function isClosing(character: string | undefined): boolean {
  return character === "]" || character === "}";
}

/** Of a value that is no container, or an empty one. */
function endOfValue(text: string, start: number): number {
  const begin = text[start];
  if (begin === '"') return endOfString(text, start);
  if (begin === "[" || begin === "{") return start + 2;
  let end = start + 1;
  while (end < text.length && text[end] !== "," && !isClosing(text[end])) end++;
  return end;
}

/** The place behind the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
}
