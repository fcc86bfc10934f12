import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ByteCollector } from "../../../src/transport/byte-collector.ts";

describe("a byte collector", () => {
  test("gives back the bytes of all its pieces, and starts anew", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (pieces) => {
        const collector = new ByteCollector();
        for (let round = 0; round < 2; round++) {
          for (const piece of pieces) collector.append(piece);
          expect(collector.length).toBe(pieces.reduce((sum, piece) => sum + piece.length, 0));
          expect(Buffer.from(collector.take())).toEqual(Buffer.concat(pieces));
          expect(collector.length).toBe(0);
        }
      }),
    );
  });

  test("leaves its pieces as they were", () => {
    const first = new Uint8Array([1, 2]);
    const collector = new ByteCollector();
    for (const piece of [first, new Uint8Array([3]), new Uint8Array([4])]) collector.append(piece);
    collector.take().fill(9);
    expect([...first]).toEqual([1, 2]);
  });

  test("does not copy a body that comes in one piece", () => {
    const piece = new Uint8Array(100);
    const collector = new ByteCollector();
    collector.append(piece);
    expect(collector.take().buffer).toBe(piece.buffer);
  });
});
