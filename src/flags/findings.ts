import type { Problem } from "./model.ts";

/** Member names and array indexes that lead from the document to a value. */
export type Path = readonly (string | number)[];

/** What was found in one document. With `strict` both are one list: a warning is a problem. */
export interface Findings {
  readonly problems: FindingList;
  readonly warnings: FindingList;
}

/** Bounded, for a document may be wrong in every line: the first ones and how many more there are. */
export class FindingList {
  static readonly limit = 50;
  readonly #kept: Problem[] = [];
  #total = 0;

  add(path: Path, reason: string): void {
    this.#total++;
    if (this.#kept.length < FindingList.limit) this.#kept.push({ path: formatPath(path), reason });
  }

  get empty(): boolean {
    return this.#total === 0;
  }

  toArray(): readonly Problem[] {
    const more = this.#total - this.#kept.length;
    return more === 0 ? this.#kept : [...this.#kept, { path: "$", reason: `and ${more} more` }];
  }
}

const plainName = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;
const longestPath = 300;

/** `["flags","a b",3]` → `$.flags["a b"][3]`; the middle of a very long path is left out. */
function formatPath(path: Path): string {
  let text = "$";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += plainName.test(step) ? `.${clip(step)}` : `[${quote(step)}]`;
  }
  if (text.length <= longestPath) return text;
  return `${text.slice(0, longestPath / 2)}…${text.slice(-longestPath / 2)}`.toWellFormed();
}

/** A string of the document as messages show it: quoted, on one line, of bounded length. */
export function quote(text: string): string {
  return JSON.stringify(clip(text));
}

/** At most 100 characters. */
export function clip(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`.toWellFormed();
}
