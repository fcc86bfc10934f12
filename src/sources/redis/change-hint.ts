import type { Log } from "../../core/log.ts";
import { largeDocument } from "../source.ts";

/** What is known of the time since the key was last read; undefined: nothing that counts. */
export type Hint = "quiet" | "touched" | undefined;

/**
 * Tells between polls that the key was written to. It only makes the next poll early: what it misses, the
 * polls find.
 */
export interface ChangeHint {
  /** How often to ask; undefined: not at all, for now. */
  readonly paceMs: number | undefined;
  /** False: it is turned off, or not permitted. Otherwise a lost connection is replaced for it at once. */
  readonly wanted: boolean;
  /** It has said by itself, since it was armed, that a poll is due. */
  readonly pushed: boolean;
  /** Nothing stands between us and the server that could falsify what it says. */
  readonly direct: boolean;
  /** From now on. Called just before the read, so that no change falls between. Never rejects. */
  arm(): Promise<void>;
  /** Whether to poll now. @throws what the connection throws when it is lost */
  touched(): Promise<boolean>;
  /** What it knows since it was armed. @throws as {@link touched} */
  sinceRead(): Promise<Hint>;
  /** Leaves no connection of its own. */
  close(): void;
}

/** If changes are not to be looked for between polls. */
export const noHint: ChangeHint = {
  paceMs: undefined,
  wanted: false,
  pushed: false,
  direct: false,
  arm: async () => {},
  touched: async () => false,
  sinceRead: async () => undefined,
  close: () => {},
};

/** The most polls in a row without a fetch: so long is a hint believed that has become wrong. */
const maxInARow = 11;

/**
 * Decides, for one connection, which polls need not fetch a large document because the hint says that nobody
 * wrote to the key. On a direct connection it is trusted at once. Whatever stands between may falsify it: then
 * it has to have told of a change before that a fetch then found. It must never have missed one, and every
 * twelfth poll fetches: ten an hour at the default interval.
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

/** Tells the operator of one source how soon changes are noticed, whenever that changes. */
export class HintLog {
  #state: "at once" | "polls only" | "refused" = "at once";
  #pushes: "trusted" | "lost" | "refused" = "trusted";

  constructor(
    private readonly log: Log,
    private readonly source: string,
  ) {}

  lost(reason: string): void {
    if (this.#state !== "at once") return;
    this.#state = "polls only";
    this.log.info(`changes are noticed only by polls for now: ${reason}`, { source: this.source });
  }

  /** The server will not do it at all. */
  refused(): void {
    if (this.#state === "refused") return;
    this.#state = "refused";
    this.log.info(
      "the server does not permit WATCH and CLIENT INFO: changes are noticed only by polls",
      { source: this.source },
    );
  }

  works(): void {
    if (this.#state === "at once") return;
    this.#state = "at once";
    this.log.info("changes are noticed at once again", { source: this.source });
  }

  pushesLost(reason: string): void {
    if (this.#pushes !== "trusted") return;
    this.#pushes = "lost";
    this.log.info(`changes are not pushed for now, but looked for all the time: ${reason}`, {
      source: this.source,
    });
  }

  pushesRefused(): void {
    if (this.#pushes === "refused") return;
    this.#pushes = "refused";
    this.log.info(
      "the server does not permit CLIENT TRACKING: changes are not pushed, but looked for all the time",
      { source: this.source },
    );
  }

  pushes(): void {
    if (this.#pushes === "trusted") return;
    this.#pushes = "trusted";
    this.log.info("changes are pushed again", { source: this.source });
  }
}
