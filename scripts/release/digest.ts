/** In hexadecimal. */
export async function sha256OfFile(file: string): Promise<string> {
  const sha256 = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(file).stream()) sha256.update(chunk);
  return sha256.digest("hex");
}
