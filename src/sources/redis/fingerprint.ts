const sliceBytes = 512 << 10;

/**
 * The SHA3-256 of a document, in hex. Large ones are hashed in slices with other work in between: a
 * slice takes some milliseconds.
 */
export async function fingerprint(document: Uint8Array | string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha3-256");
  if (document.length <= sliceBytes) return hasher.update(document).digest("hex");
  const bytes = typeof document === "string" ? Buffer.from(document) : document;
  for (let start = 0; start < bytes.length; start += sliceBytes) {
    hasher.update(bytes.subarray(start, start + sliceBytes));
    await new Promise(setImmediate);
  }
  return hasher.digest("hex");
}
