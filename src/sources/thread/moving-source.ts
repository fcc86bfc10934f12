import type { Log } from "../../core/log.ts";
import type { Intake } from "../intake.ts";
import { largeDocument, type Payload, type Source } from "../source.ts";
import { ThreadDied, type ThreadSource } from "./thread-source.ts";

/**
 * A source that runs in this thread until its document is large, and then in a thread of its own:
 * fetching, hashing and reading large documents would hold up requests.
 */
export class MovingSource implements Source {
  readonly name: string;
  readonly provider: string;
  #place: "here" | "thread" | "here for good" = "here";
  #here: Source;

  /**
   * @param elsewhere the same source
   * @param another makes `here` once more: the first one remembers the document that it did not deliver
   */
  constructor(
    here: Source,
    private readonly elsewhere: ThreadSource,
    private readonly another: () => Promise<Source>,
    private readonly log: Log,
  ) {
    this.#here = here;
    this.name = here.name;
    this.provider = here.provider;
  }

  resync(): void {
    this.#current.resync();
  }

  async run(intake: Intake, signal: AbortSignal): Promise<void> {
    if (this.#place === "here") await this.#runHere(intake, signal);
    if (signal.aborted || this.#place === "here") return;
    try {
      await this.#current.run(intake, signal);
    } catch (error) {
      if (error instanceof ThreadDied && !error.proven) {
        this.#here = await this.another();
        this.log.error(`${error.message}; running the source without one from now on`, {
          source: this.name,
        });
        this.#place = "here for good";
      }
      throw error;
    }
  }

  /** Until the abort, or the first large document, which is not taken: the thread fetches it again. */
  async #runHere(intake: Intake, signal: AbortSignal): Promise<void> {
    const moving = new AbortController();
    const accept = async (payload: Payload): Promise<boolean> => {
      if (payload.document.length <= largeDocument) return intake.accept(payload);
      this.#place = "thread";
      this.log.info("the document is large: moving its source to a separate thread", {
        source: this.name,
      });
      moving.abort();
      return true;
    };
    const sink = {
      serving: intake.serving,
      accept,
      unchanged: () => intake.unchanged(),
      failed: (reason: string) => intake.failed(reason),
    };
    await this.#here.run(sink, AbortSignal.any([signal, moving.signal]));
  }

  get #current(): Source {
    return this.#place === "thread" ? this.elsewhere : this.#here;
  }
}
