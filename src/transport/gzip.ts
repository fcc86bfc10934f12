import { compressMinBytes } from "./limits.ts";

/** More takes longer than a turn of the event loop may, and is compressed in another thread. */
const maxBytesHere = 64 << 10;

/** Answers that are kept are sent many times. */
const kept = new WeakMap<Uint8Array, Uint8Array | Promise<Uint8Array>>();

/** Is gzip worth it, and does the client take it? */
export function wantsGzip(message: Uint8Array, acceptEncoding: string | undefined): boolean {
  return (
    message.length >= compressMinBytes &&
    acceptEncoding !== undefined &&
    /(?:^|,)\s*gzip\s*(?:,|$)/.test(acceptEncoding)
  );
}

/** @param message is never written to again: its compressed form is kept as long as it is */
export function gzip(message: Uint8Array): Uint8Array | Promise<Uint8Array> {
  const known = kept.get(message);
  if (known !== undefined) return known;
  const packed =
    message.length <= maxBytesHere
      ? Bun.gzipSync(new Uint8Array(message), { level: 1, library: "libdeflate" })
      : inBackground(message);
  kept.set(message, packed);
  return packed;
}

function inBackground(message: Uint8Array): Promise<Uint8Array> {
  const zlib = process.getBuiltinModule("node:zlib");
  return new Promise((resolve, reject) => {
    zlib.gzip(message, { level: 1 }, (error, packed) => {
      if (error) {
        kept.delete(message);
        reject(error);
        return;
      }
      kept.set(message, packed);
      resolve(packed);
    });
  });
}
