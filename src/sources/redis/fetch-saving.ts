import { largeDocument } from "../large-document.ts";
import type { Hint } from "./change-hint.ts";

/** The most polls in a row without a fetch: so long is a hint believed that has become wrong. */
const maxInARow = 9;

/**
 * Decides, for one connection, which polls need not fetch a large document because the hint says that nobody
 * wrote to the key. On a direct connection it is trusted at once. Whatever stands between may falsify it: then
 * it has to have told of a change before that a fetch then found. It must never have missed one, and every
 * tenth poll fetches.
 */
export class FetchSaving {
  #earned = false;
  #lost = false;
  #worthwhile = false;
  #inARow = 0;

  /** Whether the poll that begins now may end without a fetch. */
  saves(hint: Hint, { direct }: { readonly direct: boolean }): boolean {
    const trusted = (direct || this.#earned) && !this.#lost;
    const saves = hint === "quiet" && this.#worthwhile && trusted && this.#inARow < maxInARow;
    if (saves) this.#inARow++;
    return saves;
  }

  /** A fetch found a document that `changed` since the one before, after this hint. */
  fetched(hint: Hint, { bytes, changed }: { readonly bytes: number; readonly changed: boolean }) {
    this.#inARow = 0;
    this.#worthwhile = bytes > largeDocument;
    if (!changed) return;
    if (hint === "quiet") this.#lost = true;
    else if (hint === "touched") this.#earned = true;
  }

  /** A fetch found no document. */
  failed(): void {
    this.#worthwhile = false;
  }
}
