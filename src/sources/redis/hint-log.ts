import type { Log } from "../../core/log.ts";

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
