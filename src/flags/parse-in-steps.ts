import { type Json, setMember } from "../core/json.ts";
import type { Steps } from "../core/turns.ts";

/** Values between two steps: parsed in a fraction of a millisecond. */
const stepLength = 500;

/** A container whose end has not been reached. */
type Open =
  | { readonly kind: "array"; readonly value: Json[] }
  | { readonly kind: "object"; readonly value: Record<string, Json>; name: string };

/**
 * `JSON.parse` in steps, for text that is known to be valid and without spaces, such as canonical JSON.
 * Slower, so for long texts only.
 */
export function* parseInSteps(text: string): Steps<Json> {
  const open: Open[] = [];
  for (let at = 0, count = 1; ; count++) {
    if (count % stepLength === 0) yield;
    if (isOpening(text[at]) && !isClosing(text[at + 1])) {
      if (text[at] === "[") {
        open.push({ kind: "array", value: [] });
        at++;
      } else {
        const object: Open = { kind: "object", value: {}, name: "" };
        open.push(object);
        at = readName(object, text, at + 1);
      }
      continue;
    }
    const end = endOfValue(text, at);
    let value: Json = JSON.parse(text.slice(at, end));
    at = end;
    // It may be the last of its container, which may be the last of its own.
    for (;;) {
      const container = open.at(-1);
      if (container === undefined) return value;
      if (container.kind === "array") container.value.push(value);
      else setMember(container.value, container.name, value);
      if (text[at++] === ",") {
        if (container.kind === "object") at = readName(container, text, at);
        break;
      }
      value = container.value;
      open.pop();
    }
  }
}

/** Reads `"name":` and returns the place behind it. */
function readName(object: Open & { kind: "object" }, text: string, start: number): number {
  const end = endOfString(text, start);
  object.name = JSON.parse(text.slice(start, end));
  return end + 1;
}

/** Of a value that is no container, or an empty one. */
function endOfValue(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start);
  if (isOpening(text[start])) return start + 2;
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

function isOpening(character: string | undefined): boolean {
  return character === "[" || character === "{";
}

function isClosing(character: string | undefined): boolean {
  return character === "]" || character === "}";
}
