import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ExpiryQueue } from "../../../src/core/expiry.ts";
import { connectionsAllowed, sniffProtocol } from "../../../src/transport/acceptor.ts";
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

describe("an expiry queue", () => {
  function queueOf(...items: string[]) {
    const expired: string[] = [];
    const queue = new ExpiryQueue<string>(100, (item) => expired.push(item));
    items.forEach((item, now) => {
      queue.add(item, now);
    });
    return { queue, expired };
  }

  test("gives up what is too old, oldest first, once", () => {
    const { queue, expired } = queueOf("a", "b", "c");
    queue.sweep(99);
    expect(expired).toEqual([]);
    queue.sweep(101);
    expect(expired).toEqual(["a", "b"]);
    queue.sweep(500);
    expect(expired).toEqual(["a", "b", "c"]);
  });

  test("forgets what was deleted, and starts again what was added again", () => {
    const { queue, expired } = queueOf("a", "b", "c");
    queue.delete("b");
    queue.add("a", 90);
    queue.sweep(110);
    expect(expired).toEqual(["c"]);
    expect([queue.has("a"), queue.has("b")]).toEqual([true, false]);
    queue.sweep(190);
    expect(expired).toEqual(["c", "a"]);
  });

  test("gives less time when that is shortened, and never more", () => {
    const { queue, expired } = queueOf("a", "b", "c");
    queue.shorten(10, 11);
    expect(expired).toEqual(["a", "b"]);
    queue.shorten(1_000, 12);
    expect(expired).toEqual(["a", "b", "c"]);
  });
});

describe("the first bytes of a connection", () => {
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

  test("are HTTP/2 when the preface is complete, and undecided before", () => {
    for (let length = 0; length < preface.length; length++) {
      expect(sniffProtocol(preface.subarray(0, length))).toBeUndefined();
    }
    expect(sniffProtocol(preface)).toBe("http2");
    expect(sniffProtocol(Buffer.concat([preface, Buffer.from([0])]))).toBe("http2");
  });

  test("are HTTP/1.1 as soon as they differ from the preface", () => {
    for (let at = 0; at < preface.length; at++) {
      const other = Buffer.from(preface);
      other[at] = 0;
      expect(sniffProtocol(other.subarray(0, at + 1))).toBe("http1");
    }
    for (const text of ["GET / HTTP/1.1", "POST", "P", "PRO"]) {
      expect(sniffProtocol(Buffer.from(text))).toBe(text === "P" ? undefined : "http1");
    }
  });
});

describe("connections of a port", () => {
  test.each([
    [Number.POSITIVE_INFINITY, 20_000],
    [20_000, 4_950],
    [1_024, 206],
    [80, 10],
    [1, 1],
  ])("with %p open files are %p", (openFiles, expected) => {
    expect(connectionsAllowed(undefined, openFiles)).toBe(expected);
  });

  test("are divided among the threads that share it, of which each has its own bound", () => {
    expect(connectionsAllowed({ threads: 4 }, 1_024)).toBe(51);
    expect(connectionsAllowed({ threads: 4 }, 20_000)).toBe(1_237);
    expect(connectionsAllowed({ threads: 4 }, 1_000_000)).toBe(20_000);
  });
});
