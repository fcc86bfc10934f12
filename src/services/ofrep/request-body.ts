/** Reads request bodies: bounded in bytes and in time. */
import type { Readable } from "node:stream";
import { ExpiryQueue } from "../../core/expiry.ts";
import { ByteCollector } from "../../transport/byte-collector.ts";
import type { HttpRequest } from "../../transport/http-handler.ts";

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

/** Resolves with what `use` makes of the body; "incomplete": it did not arrive whole in time. */
export type ReadBody = <Result>(
  request: Pick<HttpRequest, "headers" | "body">,
  use: (body: Body) => Result | Promise<Result>,
) => Result | Promise<Result>;

/** As the Fetch API decodes: without a byte order mark. */
const decoder = new TextDecoder();

const nothing: Body = { text: "", bytes: 0 };
const tooLarge: Body = { refused: "too large" };
const incomplete: Body = { refused: "incomplete" };

/** Makes what reads the bodies of a service, within `limits`. */
export function createBodyReader(limits: BodyLimits): ReadBody {
  const maxBytes = limits.maxBytes > 0 ? limits.maxBytes : Number.POSITIVE_INFINITY;
  const within = createTimeLimit(limits.timeoutMs);
  return ({ headers, body }, use) => {
    const length = headers["content-length"];
    if (length === undefined && headers["transfer-encoding"] === undefined) return use(nothing);
    if (Number(length ?? 0) > maxBytes) return use(tooLarge);
    return within(readWhole(body, maxBytes), use, () => use(incomplete));
  };
}

/** A body of unknown length is given up as soon as it is too long. @throws if it ends early */
function readWhole(body: Readable, maxBytes: number): Promise<Body> {
  return new Promise((resolve, reject) => {
    const collected = new ByteCollector();
    const gone = () => reject(new Error("the body ended early"));
    body.on("data", (chunk: Uint8Array) => {
      collected.append(chunk);
      if (collected.length <= maxBytes) return;
      body.pause();
      resolve(tooLarge);
    });
    body.on("end", () => {
      const bytes = collected.length;
      resolve({ text: decoder.decode(collected.take()), bytes });
    });
    body.on("close", gone).on("error", gone);
  });
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
    sweeping = !waiting.empty;
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
      const place = waiting.add(giveUp, quarter);
      if (!sweeping) sweepLater();
      read.then(
        (result) => {
          if (!place.stop()) return;
          try {
            resolve(arrived(result));
          } catch (error) {
            reject(error);
          }
        },
        () => {
          if (place.stop()) giveUp();
        },
      );
    });
}
