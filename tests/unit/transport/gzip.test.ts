import { describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { gzip, wantsGzip } from "../../../src/transport/gzip.ts";

describe("compression", () => {
  test.each([
    [2000, "gzip", true],
    [2000, "identity,deflate,gzip", true],
    [2000, "identity, gzip ,br", true],
    [2000, "identity", false],
    [2000, "xgzip,gzipx", false],
    [2000, undefined, false],
    [1023, "gzip", false],
    [1024, "gzip", true],
  ])("of %d bytes for a client that accepts %p: %p", (size, accepted, expected) => {
    expect(wantsGzip(new Uint8Array(size), accepted)).toBe(expected);
  });

  test("keeps what there is to keep, and does it once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.nat(100), async (piece, times) => {
        const message = Buffer.concat(Array(times).fill(piece));
        const packed = gzip(message);
        const bytes = await packed;
        expect(gunzipSync(bytes).equals(message)).toBe(true);
        expect(await gzip(message)).toBe(bytes);
      }),
    );
  });

  test("of much holds up nobody", async () => {
    const message = new Uint8Array(1 << 20);
    const packed = gzip(message);
    expect(packed).toBeInstanceOf(Promise);
    expect(gzip(message)).toBe(packed);
    await packed;
    expect(gzip(message)).toBeInstanceOf(Uint8Array);
  });
});
