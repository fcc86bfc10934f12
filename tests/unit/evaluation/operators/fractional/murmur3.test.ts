import { expect, test } from "bun:test";
import fc from "fast-check";
import { murmur3 } from "../../../../../src/evaluation/operators/fractional/murmur3.ts";
import { readData } from "../../read-data.ts";

test.each(
  readData<{ text: string; hash: number }>("fractional").map((row) => [row.text, row.hash]),
)("the hash of %j is %d", (text, hash) => {
  expect(murmur3(text)).toBe(hash);
});

test("hashes are those of MurmurHash3 x86 32-bit for every text", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" })), (text) => {
      // Bun's own implementation.
      expect(murmur3(text)).toBe(Bun.hash.murmur32v3(new TextEncoder().encode(text), 0));
    }),
  );
});
