/** Reads request bodies: bounded in bytes and in time. */

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
export async function readBody(request: Request, limits: BodyLimits): Promise<Body> {
  const maxBytes = limits.maxBytes > 0 ? limits.maxBytes : Number.POSITIVE_INFINITY;
  const header = request.headers.get("content-length");
  const announced = header === null ? undefined : Number(header);
  if (announced === undefined && request.body === null) return { text: "", bytes: 0 };
  if (announced !== undefined && announced > maxBytes) return { refused: "too large" };
  const body =
    announced === undefined ? readChunks(request, maxBytes) : readAll(request, announced);
  return within(limits.timeoutMs, body);
}

async function readAll(request: Request, bytes: number): Promise<Body> {
  try {
    return { text: await request.text(), bytes };
  } catch {
    return { refused: "incomplete" };
  }
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
    return { refused: "incomplete" };
  }
  return { text: Buffer.concat(chunks).toString("utf8"), bytes };
}

async function within(milliseconds: number, body: Promise<Body>): Promise<Body> {
  let timer: Timer | undefined;
  const expired = new Promise<Body>((resolve) => {
    timer = setTimeout(() => resolve({ refused: "incomplete" }), milliseconds);
  });
  try {
    return await Promise.race([body, expired]);
  } finally {
    clearTimeout(timer);
  }
}
