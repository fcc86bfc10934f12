import { largeDocument } from "../large-document.ts";

/** What the watch says of the time since the last fetch; undefined: nothing that counts. */
export type Hint = "quiet" | "touched" | undefined;

/** The most polls in a row without a fetch: so long is a hint believed that has become wrong. */
const mostInARow = 9;

/**
 * Decides, for one connection, which polls need not fetch a large document because the watch says that
 * nobody wrote to the key. A proxy may falsify that, so the watch has to have told of a change before
 * that a fetch then found, it must never have kept one to itself, and every tenth poll fetches.
 */
export class FetchSaving {
  #trust: "none" | "earned" | "lost" = "none";
  #worthwhile = false;
  #inARow = 0;

  /** Whether the poll that begins now may end without a fetch. */
  saves(hint: Hint): boolean {
    const saves =
      hint === "quiet" && this.#worthwhile && this.#trust === "earned" && this.#inARow < mostInARow;
    if (saves) this.#inARow++;
    return saves;
  }

  /** A fetch found a document that `changed` since the one before, after this hint. */
  fetched(hint: Hint, { bytes, changed }: { readonly bytes: number; readonly changed: boolean }) {
    this.#inARow = 0;
    this.#worthwhile = bytes > largeDocument;
    if (!changed) return;
    if (hint === "quiet") this.#trust = "lost";
    else if (hint === "touched" && this.#trust === "none") this.#trust = "earned";
  }

  /** A fetch found no document. */
  failed(): void {
    this.#worthwhile = false;
  }
}
