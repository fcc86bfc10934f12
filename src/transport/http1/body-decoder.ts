import { maxChunkLineBytes, maxGatheredBytes, maxTrailerBytes } from "../limits.ts";
import { ReceivedBytes } from "./received-bytes.ts";
import type { RequestHead } from "./request-head.ts";

/** A body that breaks the rules of its framing. */
export class MalformedBody extends Error {
  override readonly name = "MalformedBody";
}

/** Extensions, of which none are known, end with the line (RFC 9112 §7.1.1). */
const chunkSize = /^([0-9a-fA-F]{1,8})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const trailerField = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/;

/** Takes the body of one request out of what its connection receives (RFC 9112 §6, §7). */
export class BodyDecoder {
  #state: "data" | "size" | "after data" | "trailers" | "complete";
  /** Of the body, or of the chunk. */
  #left: number;
  #trailerBytes = 0;
  readonly #chunked: boolean;

  constructor(body: RequestHead["body"]) {
    this.#chunked = body === "chunked";
    this.#left = body === "chunked" ? 0 : body;
    this.#state = body === "chunked" ? "size" : body === 0 ? "complete" : "data";
  }

  get complete(): boolean {
    return this.#state === "complete";
  }

  /**
   * The next piece of the body; undefined: more has to be received, or the body is complete. Trailers are
   * left out: nothing here asks for any.
   * @throws MalformedBody
   */
  next(received: ReceivedBytes): Buffer | undefined {
    while (this.#state !== "complete") {
      if (this.#state === "data") {
        const count = Math.min(this.#left, received.length);
        if (count === 0) return undefined;
        this.#left -= count;
        if (this.#left === 0) this.#state = this.#chunked ? "after data" : "complete";
        return received.take(count);
      }
      if (!this.#line(received)) return undefined;
    }
    return undefined;
  }

  /** False: the line has not been received yet. */
  #line(received: ReceivedBytes): boolean {
    const end = received.indexOf("\r\n");
    const length = end < 0 ? received.length : end;
    if (length > maxChunkLineBytes) throw new MalformedBody("a line is too long");
    if (end < 0) return false;
    const line = received.text(end);
    received.skip(end + 2);
    if (this.#state === "size") this.#begin(line);
    else if (this.#state === "after data") {
      if (line !== "") throw new MalformedBody("a chunk is longer than it said");
      this.#state = "size";
    } else if (line === "") this.#state = "complete";
    else this.#trailer(line);
    return true;
  }

  #begin(line: string): void {
    const size = chunkSize.exec(line)?.[1];
    if (size === undefined) throw new MalformedBody("a chunk has no size");
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? "trailers" : "data";
  }

  #trailer(line: string): void {
    this.#trailerBytes += line.length;
    if (!trailerField.test(line)) throw new MalformedBody("a trailer is no field");
    if (this.#trailerBytes > maxTrailerBytes) throw new MalformedBody("too many trailers");
  }
}

/** A body that has been received to its end. */
interface WholeBody {
  readonly bytes: Buffer;
  /** What it takes of what was received, with its chunks. */
  readonly length: number;
}

/**
 * The body of a request, left where it is; undefined if it is not whole, or what is wrong with it has to be told.
 * Clients that write a request as they make it send small bodies in one chunk.
 */
export function wholeBody(
  { body }: Pick<RequestHead, "body">,
  received: ReceivedBytes,
): WholeBody | undefined {
  if (body !== "chunked") {
    return body <= received.length ? { bytes: received.peek(body), length: body } : undefined;
  }
  if (received.length > maxGatheredBytes) return undefined;
  const rest = new ReceivedBytes();
  rest.append(received.peek());
  const decoder = new BodyDecoder(body);
  const pieces: Buffer[] = [];
  try {
    for (let piece = decoder.next(rest); piece !== undefined; piece = decoder.next(rest)) {
      pieces.push(piece);
    }
  } catch {
    return undefined;
  }
  if (!decoder.complete) return undefined;
  const [only = Buffer.alloc(0)] = pieces;
  const bytes = pieces.length > 1 ? Buffer.concat(pieces) : only;
  return { bytes, length: received.length - rest.length };
}
