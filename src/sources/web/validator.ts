/** A change within this time of the one before may leave the same validator: clocks of files count seconds. */
const weakMs = 2000;

/** Polls in a row that may be answered with 304 before one asks for the whole document. */
const maxConditional = 9;

/** What an `ETag` becomes where a server compresses: Apache's mod_deflate and mod_brotli append the coding. */
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
