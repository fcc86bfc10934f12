import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { contentHash } from "../../../src/sources/content-hash.ts";

const sha3 = (content: Uint8Array | string) => createHash("sha3-256").update(content).digest("hex");

test.each([
  ["nothing", ""],
  ["text beyond ASCII", "größer 🚩"],
  ["a slice", "x".repeat(512 * 1024)],
  ["several slices with characters across their borders", `x${"🚩".repeat(300_000)}`],
])("SHA3-256 of %s, as text and as bytes", async (_, text) => {
  expect(await contentHash(text)).toBe(sha3(text));
  expect(await contentHash(Buffer.from(text))).toBe(sha3(text));
});

test("other work gets its turn between the slices of a large document", async () => {
  let turns = 0;
  let done = false;
  const work = (async () => {
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
  })();
  await contentHash(new Uint8Array(4 * 1024 * 1024));
  done = true;
  await work;
  expect(turns).toBeGreaterThanOrEqual(7);
});
