import type { Log } from "../../core/log.ts";

/** Tells the operator of one source how soon changes are noticed, whenever that changes. */
export class HintLog {
  #state: "at once" | "polls only" | "refused" = "at once";

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
}
