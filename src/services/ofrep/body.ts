/** Reads request bodies: bounded in bytes and in time. */
import { ExpiryQueue } from "../../transport/expiry.ts";

export type Body =
  | { readonly text: string; readonly bytes: number }
  | { readonly refused: "too large" | "incomplete" };

export interface BodyLimits {
  /** Bytes; ≤ 0: no limit. */
  readonly maxBytes: number;
  /** Milliseconds for the whole body. */
  readonly timeoutMs: number;
}

/** "incomplete": the body did not arrive whole in time. Never rejects. */
export type ReadBody = (request: Request) => Body | Promise<Body>;

/** As `Request.text` decodes: without a byte order mark. */
const decoder = new TextDecoder();

const incomplete: Body = { refused: "incomplete" };

export function createBodyReader(limits: BodyLimits): ReadBody {
  const maxBytes = limits.maxBytes > 0 ? limits.maxBytes : Number.POSITIVE_INFINITY;
  const within = createTimeLimit(limits.timeoutMs);
  return (request) => {
    const header = request.headers.get("content-length");
    if (header === null) {
      if (request.body === null) return { text: "", bytes: 0 };
      return within(readChunks(request, maxBytes));
    }
    const bytes = Number(header);
    return bytes > maxBytes ? { refused: "too large" } : within(readAll(request, bytes));
  };
}

function readAll(request: Request, bytes: number): Promise<Body> {
  return request.text().then(
    (text) => ({ text, bytes }),
    () => incomplete,
  );
}

/** A body of unknown length is given up as soon as it is too long. */
async function readChunks(request: Request, maxBytes: number): Promise<Body> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.body ?? []) {
      bytes += chunk.length;
      if (bytes > maxBytes) return { refused: "too large" };
      chunks.push(chunk);
    }
  } catch {
    return incomplete;
  }
  return { text: decoder.decode(Buffer.concat(chunks)), bytes };
}

/**
 * Gives up on a body after the time, or up to a quarter of it later: one timer for all bodies that
 * are on their way costs a request nothing, one for each would cost as much as evaluating it.
 */
function createTimeLimit(milliseconds: number): (body: Promise<Body>) => Promise<Body> {
  const waiting = new ExpiryQueue<() => void>(milliseconds, (giveUp) => giveUp());
  let sweeping = false;
  const sweepLater = () => {
    sweeping = waiting.size > 0;
    if (sweeping) setTimeout(sweep, milliseconds / 4);
  };
  const sweep = () => {
    waiting.sweep(performance.now());
    sweepLater();
  };
  return (body) =>
    new Promise((resolve) => {
      const giveUp = () => resolve(incomplete);
      waiting.add(giveUp, performance.now());
      if (!sweeping) sweepLater();
      body.then((result) => {
        waiting.delete(giveUp);
        resolve(result);
      });
    });
}
