import type { Payload } from "../source.ts";
import { formatOf } from "./document-format.ts";
import { Validator } from "./validator.ts";
import type { WebClient, WebRequest, WholeAnswer } from "./web-client.ts";

/** A flag document under a URL, fetched anew only when it has changed, as far as its server can tell. */
export class WebDocument {
  readonly #validator = new Validator();

  constructor(
    private readonly client: WebClient,
    /** Says by its extension what format the document is in. */
    private readonly path: string,
  ) {}

  /**
   * Undefined: it has not changed.
   * @param request has the headers given to it, with which a signature may have to do
   * @throws SourceError; what `request` throws; what `refuse` makes of an answer that is neither success nor 304
   */
  async fetch(
    request: (conditions: Readonly<Record<string, string>>) => WebRequest | Promise<WebRequest>,
    signal: AbortSignal,
    refuse: (answer: WholeAnswer) => Error,
  ): Promise<Payload | undefined> {
    const conditions = this.#validator.conditions();
    const answer = await this.client.request(await request(conditions), signal);
    if (answer.status === 304 && "if-none-match" in conditions) {
      this.#validator.confirmed();
      return undefined;
    }
    if (answer.status < 200 || answer.status > 299) throw refuse(answer);
    this.#validator.forget();
    const contentType = answer.headers.get("content-type");
    // An empty one is no document: whatever its type, the poller says so, and asks for it in full again.
    if (answer.body.length === 0) return { document: answer.body, format: "any" };
    const format = formatOf(this.path, contentType);
    this.#validator.renew(answer.headers);
    return { document: answer.body, format, ...(contentType && { origin: contentType }) };
  }
}
