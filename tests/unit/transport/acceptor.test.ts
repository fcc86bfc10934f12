import { describe, expect, test } from "bun:test";
import { connectionsAllowed, sniffProtocol } from "../../../src/transport/acceptor.ts";

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
