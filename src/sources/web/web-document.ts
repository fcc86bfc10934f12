import { extname } from "node:path";
import type { DocumentFormat } from "../../flags/model.ts";
import { type Payload, SourceError } from "../source.ts";
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

/** A change within this time of the one before may leave the same validator: clocks of files count seconds. */
const weakMs = 2000;

/** Polls in a row that may be answered with 304 before one asks for the whole document. */
const maxConditional = 9;

/** What an `ETag` becomes when a server compresses: Apache's mod_deflate and mod_brotli append the coding. */
const codingSuffix = /-(?:gzip|br|zstd|deflate)"$/;

/**
 * What is known of a document by which a server can tell that it has not changed (RFC 9110 §8.8). A validator of
 * a document that had changed less than two seconds before is weak (§8.8.2.2): the next poll is unconditional. So
 * is every tenth, for a validator may be wrong for other reasons: a clock that was set back, a file moved into place.
 */
export class Validator {
  #etag: string | undefined;
  #conditional = 0;

  /** Headers for the next request; none: it is to be answered with the whole document. */
  conditions(): { readonly "if-none-match"?: string } {
    const etag = this.#etag;
    if (etag === undefined || this.#conditional >= maxConditional) return {};
    // Apache compares with the tag that the document has without compression, and sends the other one.
    const bare = etag.replace(codingSuffix, '"');
    return { "if-none-match": bare === etag ? etag : `${etag}, ${bare}` };
  }

  /** A request with conditions was answered with 304. */
  confirmed(): void {
    this.#conditional++;
  }

  /** The whole document arrived with these headers. */
  renew(headers: Headers): void {
    this.#conditional = 0;
    this.#etag = isWeak(headers) ? undefined : (headers.get("etag") ?? undefined);
  }

  /** What arrived last is of no use: the next request is to be answered with the whole document. */
  forget(): void {
    this.#etag = undefined;
  }
}

function isWeak(headers: Headers): boolean {
  const modified = Date.parse(headers.get("last-modified") ?? "");
  const now = Date.parse(headers.get("date") ?? "");
  return now - modified < weakMs;
}

const jsonName = /(^\.|\/(x-)?|\+)json$/;
const yamlName = /(^\.|\/(x-)?|\+)ya?ml$/;

/**
 * Whether a document is JSON or YAML: by the extension of its path, if that says so, else by its
 * media type, parameters ignored.
 * @throws SourceError if neither says so
 */
export function formatOf(path: string, contentType: string | null): DocumentFormat {
  const extension = extname(path).toLowerCase();
  const media = (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  for (const name of [extension, media]) {
    if (jsonName.test(name)) return "json";
    if (yamlName.test(name)) return "yaml";
  }
  if (!extension && !media) {
    throw new SourceError(
      "unable to determine file format: the path has no extension and the response has no Content-Type",
    );
  }
  throw new SourceError(
    `unsupported file format: '${(media || extension).slice(0, 80)}'; expected .json, .yaml or .yml, ` +
      "or a Content-Type of application/json or application/yaml",
  );
}
