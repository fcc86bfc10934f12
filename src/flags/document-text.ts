import { findSyntaxProblem } from "../core/json-syntax.ts";
import { hasRepeatedMembers, walkJson } from "../core/json-walk.ts";
import { quote } from "../core/message-text.ts";
import { placesOf } from "../core/text-places.ts";
import type { Steps } from "../core/turns.ts";
import type { FindingList, Findings } from "./findings.ts";
import { looksLike } from "./looks-like.ts";
import type { DocumentFormat } from "./model.ts";

/** What keeps an empty key or file from deleting every flag, and the way to delete them all. */
export const howToDelete = 'to delete all flags, write {"flags":{}}';

/** A document as its format makes it. */
export interface ParsedText {
  readonly text: string;
  readonly value: unknown;
  /** Whether an object may occur in several places, or in itself: YAML's anchors do that. */
  readonly sharing: boolean;
}

/**
 * Reads a document's text into a value, not yet known to be JSON.
 * @param document UTF-8, invalid sequences become U+FFFD; a byte order mark is dropped.
 * @returns undefined after a problem.
 */
export function parseText(
  document: Uint8Array | string,
  format: DocumentFormat,
  findings: Findings,
): ParsedText | undefined {
  const text = decode(document, findings);
  if (text === undefined) return undefined;
  const start = text.search(/[^ \t\r\n]/);
  if (start === -1) {
    findings.problems.add("no-flag-document", [], `the document is empty; ${howToDelete}`);
    return undefined;
  }
  const isJson = format === "json" || (format === "any" && /[{[]/.test(text.charAt(start)));
  const value = isJson ? parseJson(text, findings) : yaml().readYaml(text, findings);
  if (value !== undefined) return { text, value, sharing: !isJson };
  const guess = looksLike(text, undefined);
  if (guess !== undefined) findings.problems.add("no-flag-document", [], guess);
  return undefined;
}

/** Loaded by the first document that is not JSON: most daemons read none. */
function yaml(): typeof import("./document-yaml.ts") {
  return require("./document-yaml.ts");
}

function decode(document: Uint8Array | string, { problems }: Findings): string | undefined {
  if (typeof document === "string") {
    return document.startsWith("\uFEFF") ? document.slice(1) : document;
  }
  try {
    return new TextDecoder().decode(document);
  } catch {
    problems.add("limit", [], `the document is too large: ${document.byteLength} bytes`);
    return undefined;
  }
}

function parseJson(text: string, { problems }: Findings): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const found = findSyntaxProblem(text);
    const where = found && ` at line ${found.line}, column ${found.column}: ${found.reason}`;
    const place = found && { line: found.line, column: found.column };
    problems.add("syntax", [], `not valid JSON${where ?? `: ${String(error)}`}`, place);
    return undefined;
  }
}

/** Warns of members that an object of a JSON text has twice: parsing keeps only the last one. */
export function* warnOfRepeatedMembers(
  text: string,
  value: unknown,
  warnings: FindingList,
): Steps<void> {
  // Nearly always there are none, which takes a tenth of the time to find out.
  if (!(yield* hasRepeatedMembers(text, value))) return;
  /** Of the objects around, by depth: names and where they stood last. */
  const seen: Map<string, number>[] = [];
  const path: (string | number)[] = [];
  let placeOf: ReturnType<typeof placesOf> | undefined;
  yield* walkJson(text, {
    open(depth) {
      seen[depth] = new Map();
    },
    enter(step, at, depth) {
      path.length = depth - 1;
      path.push(step);
      if (typeof step === "number") return;
      const names = seen[depth];
      const before = names?.get(step);
      names?.set(step, at);
      if (before === undefined) return;
      placeOf ??= placesOf(text);
      const { line, column } = placeOf(before);
      const reason = `${quote(step)} was there before, at line ${line}, column ${column}, and only this one counts: keep one of them`;
      warnings.add("duplicate-member", path, reason, placeOf(at));
    },
  });
}
