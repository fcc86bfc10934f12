import { type Json, kindOf } from "./json.ts";
import { walkJson } from "./json-walk.ts";

/** A step from the root of a document: the name of a member, or the index of an element. */
export type EditStep = string | number;

/** Where something stands in a text. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** A member, or an element, with the value that it has. */
interface Entry extends Span {
  readonly value: Span;
}

/**
 * A JSON text with one value replaced, or added as the last member of its object; everything else stays as it
 * is written, digits and spaces too.
 * @param text what JSON.parse accepts
 * @param path from the root; the object that it ends in must exist
 * @throws Error if there is nothing that the value could be a part of
 */
export function setInJson(text: string, path: readonly EditStep[], value: Json): string {
  const json = JSON.stringify(value);
  if (path.length === 0) return json;
  const found = entryAt(text, path);
  if (found) {
    const { start, end } = found.value;
    return (
      text.slice(0, start) + indented(value, text, lineIndent(text, found.start)) + text.slice(end)
    );
  }
  const name = path.at(-1);
  const parent = spanOf(text, path.slice(0, -1));
  const isMember = typeof name === "string";
  if (parent === undefined || text[parent.start] !== (isMember ? "{" : "[")) {
    throw new Error(`${path.slice(0, -1).join(".") || "the document"} has no place for ${name}`);
  }
  const last = lastEntryOf(text, path.slice(0, -1));
  const label = isMember ? `${JSON.stringify(name)}:` : "";
  if (last === undefined) {
    const gap = text.slice(parent.start + 1, parent.end - 1);
    const written = gap.includes("\n") || pretty(text);
    const outer = lineIndent(text, parent.start);
    const inner = outer + unit(text);
    const space = isMember ? " " : "";
    const member = written
      ? `\n${inner}${label}${space}${indented(value, text, inner)}\n${outer}`
      : label + json;
    return `${text.slice(0, parent.start + 1)}${member}${text.slice(parent.end - 1)}`;
  }
  const separator = text.slice(gapBefore(text, last.start), last.start);
  const colon = /:\s*$/.exec(text.slice(last.start, last.value.start))?.[0] ?? ":";
  const written = indented(value, text, lineIndent(text, last.start));
  const member = `,${separator}${isMember ? JSON.stringify(name) + colon : ""}${written}`;
  return text.slice(0, last.end) + member + text.slice(last.end);
}

/** A JSON text without one member or element, and without the comma that set it off; the same text if there is none. */
export function removeFromJson(text: string, path: readonly EditStep[]): string {
  const found = entryAt(text, path);
  if (found === undefined) return text;
  const after = /^\s*,/.exec(text.slice(found.end));
  if (after) {
    const end = found.end + after[0].length;
    // Up to where the next one begins.
    const gap = /^\s*/.exec(text.slice(end))?.[0].length ?? 0;
    return text.slice(0, found.start) + text.slice(end + gap);
  }
  const gap = gapBefore(text, found.start);
  return text.slice(0, text[gap - 1] === "," ? gap - 1 : gap) + text.slice(found.end);
}

/** The last one of that name, which is the one that counts. */
function entryAt(text: string, path: readonly EditStep[]): Entry | undefined {
  let found: Entry | undefined;
  entries(text, path.length, (steps, entry) => {
    if (path.every((step, i) => steps[i] === step)) found = entry();
  });
  return found;
}

function lastEntryOf(text: string, path: readonly EditStep[]): Entry | undefined {
  let found: Entry | undefined;
  entries(text, path.length + 1, (steps, entry) => {
    if (path.every((step, i) => steps[i] === step)) found = entry();
  });
  return found;
}

function spanOf(text: string, path: readonly EditStep[]): Span | undefined {
  if (path.length > 0) return entryAt(text, path)?.value;
  const start = text.search(/\S/);
  return { start, end: text.trimEnd().length };
}

function entries(
  text: string,
  depth: number,
  visit: (steps: readonly EditStep[], entry: () => Entry) => void,
): void {
  const steps: EditStep[] = [];
  const walk = walkJson(text, {
    enter(step, at, level) {
      steps.length = level - 1;
      steps.push(step);
      if (level === depth) visit(steps, () => entryFrom(text, at, step));
    },
  });
  while (!walk.next().done);
}

function entryFrom(text: string, at: number, step: EditStep): Entry {
  let start = at;
  if (typeof step === "string") {
    const name = endOfValue(text, at);
    start = name + (/^\s*:\s*/.exec(text.slice(name))?.[0].length ?? 0);
  }
  const end = endOfValue(text, start);
  return { start: at, end, value: { start, end } };
}

const scalar = /"(?:[^"\\]|\\.)*"|[^\s,\]}"]+/y;
const structure = /"(?:[^"\\]|\\.)*"|[[\]{}]/g;

function endOfValue(text: string, start: number): number {
  const first = text[start];
  if (first !== "{" && first !== "[") {
    scalar.lastIndex = start;
    return start + (scalar.exec(text)?.[0].length ?? 0);
  }
  structure.lastIndex = start;
  let depth = 0;
  for (let match = structure.exec(text); match; match = structure.exec(text)) {
    if (match[0] === "{" || match[0] === "[") depth++;
    else if (match[0] === "}" || match[0] === "]") depth--;
    if (depth === 0) return structure.lastIndex;
  }
  return text.length;
}

/** Where the white space begins that ends at an offset. */
function gapBefore(text: string, at: number): number {
  let start = at;
  while (start > 0 && text.charCodeAt(start - 1) <= 0x20) start--;
  return start;
}

/** As the text around it is written: on lines of their own, or all in one. */
function indented(value: Json, text: string, outer: string): string {
  const kind = kindOf(value);
  if ((kind !== "an object" && kind !== "an array") || !pretty(text)) return JSON.stringify(value);
  return JSON.stringify(value, null, unit(text)).replaceAll("\n", `\n${outer}`);
}

function pretty(text: string): boolean {
  return /^\s*[{[]\s*\n/.test(text);
}

function unit(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
}

function lineIndent(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf("\n", at - 1) + 1, at);
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}
