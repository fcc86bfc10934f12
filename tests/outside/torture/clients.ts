import type { Answer } from "./history.ts";

/** A daemon as a client sees it; undefined: it is being restarted, and nobody asks. */
export type Place = () => string | undefined;

const pauseMs = 20;

/** Clients that ask for all flags all the time, and write down what they get. `using` ends them. */
export class Clients implements AsyncDisposable {
  readonly answers: Answer[] = [];
  #ended = false;
  readonly #running: readonly Promise<void>[];

  /** @param now milliseconds since the beginning */
  constructor(
    places: Readonly<Record<string, Place>>,
    private readonly now: () => number,
  ) {
    this.#running = Object.entries(places).map(([name, place]) => this.#run(name, place));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#running);
  }

  async #run(client: string, place: Place): Promise<void> {
    while (!this.#ended) {
      const http = place();
      if (http !== undefined) {
        // What was asked of a daemon that ends meanwhile is nobody's fault.
        const versions = await ask(http);
        if (place() === http) this.answers.push({ client, at: this.now(), versions });
      }
      await Bun.sleep(pauseMs);
    }
  }
}

async function ask(http: string): Promise<readonly number[] | string> {
  try {
    const response = await fetch(`${http}/ofrep/v1/evaluate/flags`, {
      method: "POST",
      body: "{}",
      signal: AbortSignal.timeout(5000),
    });
    const text = await response.text();
    const { flags } = JSON.parse(text) as { readonly flags?: readonly { value?: unknown }[] };
    const versions = (flags ?? []).map(({ value }) => value);
    const good = versions.length > 0 && versions.every((value) => typeof value === "number");
    return good ? (versions as number[]) : `${response.status} ${text.slice(0, 200)}`;
  } catch (error) {
    return String(error);
  }
}
