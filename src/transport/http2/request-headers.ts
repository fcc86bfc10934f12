import type { IncomingHttpHeaders } from "node:http";
import { maxHeaderFields } from "../limits.ts";
import { ConnectionError, errorCode } from "./frames.ts";
import type { HeaderField } from "./hpack/tables.ts";

const requestPseudo = new Set([":method", ":scheme", ":path", ":authority"]);

/** The rest of such a block is not read to keep the tables right: a megabyte may have a million fields. */
const unreadableFields = 2 * maxHeaderFields;

/** A header block that was read to its end, whatever was in it. */
export type Received =
  | {
      readonly kind: "request";
      readonly headers: IncomingHttpHeaders;
      readonly contentLength: number | undefined;
    }
  /** Regular fields alone: what may follow a body. */
  | { readonly kind: "trailers" }
  /** Is no message of HTTP (RFC 9113 §8.1.1). */
  | { readonly kind: "malformed" }
  /** More than the limit on headers. */
  | { readonly kind: "too large" };

/** Makes the headers of a request of the fields of a block. */
export class RequestHeaders {
  readonly #maxBytes: number;
  readonly #headers: IncomingHttpHeaders = Object.create(null);
  #size = 0;
  #fields = 0;
  #flawed = false;
  #pseudo = false;
  #regular = false;

  /** @param maxBytes as SETTINGS_MAX_HEADER_LIST_SIZE counts */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  readonly add = ({ name, value, kind, size }: HeaderField): void => {
    this.#size += size;
    this.#fields++;
    if (this.#fields > unreadableFields) {
      throw new ConnectionError(errorCode.enhanceYourCalm, "too many fields in a header block");
    }
    if (this.#flawed || this.#tooLarge) return;
    const headers = this.#headers;
    const before = headers[name];
    if (kind === "regular") {
      this.#regular = true;
      // As RFC 9110 §5.3 and, of cookies, RFC 9113 §8.2.3 combine them.
      headers[name] =
        before === undefined ? value : `${before}${name === "cookie" ? "; " : ", "}${value}`;
      return;
    }
    const misplaced = this.#regular || before !== undefined || !requestPseudo.has(name);
    if (kind === "flawed" || misplaced) this.#flawed = true;
    this.#pseudo = true;
    headers[name] = value;
  };

  get #tooLarge(): boolean {
    return this.#size > this.#maxBytes || this.#fields > maxHeaderFields;
  }

  get received(): Received {
    if (this.#tooLarge) return { kind: "too large" };
    if (this.#flawed) return { kind: "malformed" };
    const headers = this.#headers;
    if (!this.#pseudo) return { kind: "trailers" };
    if (!headers[":method"] || !headers[":scheme"] || !headers[":path"]) {
      return { kind: "malformed" };
    }
    const length = headers["content-length"];
    if (length !== undefined && !/^\d{1,15}$/.test(length)) return { kind: "malformed" };
    return {
      kind: "request",
      headers,
      contentLength: length === undefined ? undefined : Number(length),
    };
  }
}
