/** Reads request bodies: bounded in bytes and in time. */
import { ExpiryQueue } from "../../core/expiry.ts";

/** The body of a request, or why there is none. */
export type Body =
  | { readonly text: string; readonly bytes: number }
  | { readonly refused: "too large" | "incomplete" };

export interface BodyLimits {
  /** Bytes; ≤ 0: no limit. */
  readonly maxBytes: number;
  /** Milliseconds for the whole body. */
  readonly timeoutMs: number;
}

/**
 * Calls `use` with the body, once, now or when it is there; "incomplete": it did not arrive whole in
 * time. The promise is of what `use` returns: there is one, and not one for each step, for promises
 * are most of what a request costs beside its evaluation.
 */
export type ReadBody = <Result>(
  request: Request,
  use: (body: Body) => Result | Promise<Result>,
) => Result | Promise<Result>;

/** As `Request.text` decodes: without a byte order mark. */
const decoder = new TextDecoder();

const nothing: Body = { text: "", bytes: 0 };
const tooLarge: Body = { refused: "too large" };
const incomplete: Body = { refused: "incomplete" };

/** Makes what reads the bodies of a service, within `limits`. */
export function createBodyReader(limits: BodyLimits): ReadBody {
  const maxBytes = limits.maxBytes > 0 ? limits.maxBytes : Number.POSITIVE_INFINITY;
  const within = createTimeLimit(limits.timeoutMs);
  return (request, use) => {
    const header = request.headers.get("content-length");
    if (header === null) {
      if (request.body === null) return use(nothing);
      return within(readChunks(request, maxBytes), use, () => use(incomplete));
    }
    const bytes = Number(header);
    if (bytes > maxBytes) return use(tooLarge);
    return within(
      request.text(),
      (text) => use({ text, bytes }),
      () => use(incomplete),
    );
  };
}

/** A body of unknown length is given up as soon as it is too long. @throws where it ends early */
async function readChunks(request: Request, maxBytes: number): Promise<Body> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) return tooLarge;
    chunks.push(chunk);
  }
  return { text: decoder.decode(Buffer.concat(chunks)), bytes };
}

type TimeLimit = <Read, Result>(
  read: Promise<Read>,
  arrived: (read: Read) => Result | Promise<Result>,
  missing: () => Result | Promise<Result>,
) => Promise<Result>;

/**
 * Gives up on a body after the time, or up to a quarter of it later: one timer for all bodies that
 * are on their way costs a request nothing, one for each would cost as much as evaluating it.
 */
function createTimeLimit(milliseconds: number): TimeLimit {
  // In quarters: looking at the clock for each body is not free either.
  const waiting = new ExpiryQueue<() => void>(5, (giveUp) => giveUp());
  let quarter = 0;
  let sweeping = false;
  const sweepLater = () => {
    sweeping = waiting.size > 0;
    if (sweeping) setTimeout(sweep, milliseconds / 4);
  };
  const sweep = () => {
    waiting.sweep(++quarter);
    sweepLater();
  };
  return (read, arrived, missing) =>
    new Promise((resolve, reject) => {
      const giveUp = () => {
        try {
          resolve(missing());
        } catch (error) {
          reject(error);
        }
      };
      waiting.add(giveUp, quarter);
      if (!sweeping) sweepLater();
      read.then(
        (result) => {
          if (!waiting.delete(giveUp)) return;
          try {
            resolve(arrived(result));
          } catch (error) {
            reject(error);
          }
        },
        () => {
          if (waiting.delete(giveUp)) giveUp();
        },
      );
    });
}
