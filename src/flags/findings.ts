import { quote, shorten } from "../core/message-text.ts";
import type { Place } from "../core/text-places.ts";
import type { FindingCode } from "./finding-table.ts";
import type { Problem } from "./model.ts";

/** Member names and array indexes that lead from the document to a value. */
export type Path = readonly (string | number)[];

/** One thing found in a document. */
export interface Finding {
  readonly code: FindingCode;
  readonly path: Path;
  /** What is wrong and what to write. */
  readonly reason: string;
  /** Where in the text, if that is known already. */
  readonly place: Place | undefined;
}

/** What was found in one document. With `strict` problems and warnings are one list. */
export interface Findings {
  readonly problems: FindingList;
  readonly warnings: FindingList;
  /** Undefined: nobody asks for it, and what takes time is not looked for. */
  readonly information?: FindingList | undefined;
}

/** Bounded, for a document may be wrong in every line: the first ones and how many more there are. */
export class FindingList {
  readonly #limit: number;
  readonly #kept: Finding[] = [];
  #total = 0;

  constructor(limit = 50) {
    this.#limit = limit;
  }

  add(code: FindingCode, path: Path, reason: string, place?: Place): void {
    this.#total++;
    if (this.#kept.length < this.#limit)
      this.#kept.push({ code, path: path.slice(), reason, place });
  }

  /** Adds what another list has found, in its order. */
  addAll(found: FindingList): void {
    for (const { code, path, reason, place } of found.#kept) this.add(code, path, reason, place);
    this.#total += found.more;
  }

  get empty(): boolean {
    return this.#total === 0;
  }

  /** How many there are beside those that are kept. */
  get more(): number {
    return this.#total - this.#kept.length;
  }

  get findings(): readonly Finding[] {
    return this.#kept;
  }

  toArray(): readonly Problem[] {
    const shown = this.#kept.map(({ path, reason }) => ({ path: formatPath(path), reason }));
    const { more } = this;
    return more === 0 ? shown : [...shown, { path: "$", reason: `and ${more} more` }];
  }
}

const plainName = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;
const maxPathLength = 300;

/** `["flags","a b",3]` → `$.flags["a b"][3]`; the middle of a very long path is left out. */
export function formatPath(path: Path): string {
  let text = "$";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += plainName.test(step) ? `.${shorten(step)}` : `[${quote(step)}]`;
  }
  if (text.length <= maxPathLength) return text;
  return `${text.slice(0, maxPathLength / 2)}…${text.slice(-maxPathLength / 2)}`.toWellFormed();
}
