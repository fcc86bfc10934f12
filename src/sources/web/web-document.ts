import type { Payload } from "../source.ts";
import { formatOf } from "./document-format.ts";
import type { WebClient, WebRequest, WholeAnswer } from "./web-client.ts";

/** A flag document under a URL, fetched anew only when it has changed (RFC 9110, If-None-Match). */
export class WebDocument {
  /** Of the document last returned. */
  #etag: string | undefined;

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
    const conditions = this.#etag === undefined ? {} : { "if-none-match": this.#etag };
    const answer = await this.client.request(await request(conditions), signal);
    if (answer.status === 304 && this.#etag !== undefined) return undefined;
    if (answer.status < 200 || answer.status > 299) throw refuse(answer);
    this.#etag = undefined;
    const contentType = answer.headers.get("content-type");
    // An empty one is no document: whatever its type, the poller says so, and asks for it in full again.
    if (answer.body.length === 0) return { document: answer.body, format: "any" };
    const format = formatOf(this.path, contentType);
    this.#etag = answer.headers.get("etag") ?? undefined;
    return { document: answer.body, format, ...(contentType && { origin: contentType }) };
  }
}
