/** Hashing more than this at once would hold up requests for milliseconds. */
const sliceBytes = 512 * 1024;

/** SHA3-256 of the content in hex; long content in slices, with other work between them. */
export async function contentHash(content: Uint8Array | string): Promise<string> {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const hasher = new Bun.CryptoHasher("sha3-256");
  for (let start = 0; start < bytes.length; start += sliceBytes) {
    if (start > 0) await new Promise((resolve) => setImmediate(resolve));
    hasher.update(bytes.subarray(start, start + sliceBytes));
  }
  return hasher.digest("hex");
}
