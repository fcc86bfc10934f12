import { describe, expect, test } from "bun:test";
import {
  ConnectionError,
  checkFrame,
  errorCode,
  unpad,
} from "../../../../src/transport/http2/frames.ts";

function codeOf(action: () => unknown): number | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof ConnectionError) return error.code;
    throw error;
  }
}

describe("a frame", () => {
  test.each<[string, number, number, number, number | undefined]>([
    ["DATA on the connection", 0, 0, 0, errorCode.protocol],
    ["HEADERS on the connection", 1, 0, 0, errorCode.protocol],
    ["PRIORITY on the connection", 2, 0, 5, errorCode.protocol],
    ["PRIORITY of 4 bytes", 2, 1, 4, errorCode.frameSize],
    ["RST_STREAM on the connection", 3, 0, 4, errorCode.protocol],
    ["RST_STREAM of 5 bytes", 3, 1, 5, errorCode.frameSize],
    ["SETTINGS on a stream", 4, 1, 0, errorCode.protocol],
    ["PING on a stream", 6, 1, 8, errorCode.protocol],
    ["PING of 7 bytes", 6, 0, 7, errorCode.frameSize],
    ["GOAWAY on a stream", 7, 1, 8, errorCode.protocol],
    ["WINDOW_UPDATE of 3 bytes", 8, 0, 3, errorCode.frameSize],
    ["WINDOW_UPDATE on either", 8, 1, 4, undefined],
    ["CONTINUATION on the connection", 9, 0, 0, errorCode.protocol],
    ["of an unknown type", 77, 0, 1000, undefined],
  ])("%s", (_what, type, stream, size, code) => {
    expect(codeOf(() => checkFrame(type, stream, size))).toBe(code);
  });

  test("may be padded by all of its payload and no more", () => {
    const padded = 8;
    const bytes = Buffer.from([9, 3, 65, 0, 0, 0, 9]);
    expect(unpad(0, bytes, 1, 6)).toEqual({ from: 1, to: 6 });
    expect(unpad(padded, bytes, 1, 6)).toEqual({ from: 2, to: 3 });
    expect(unpad(padded, bytes, 1, 5)).toEqual({ from: 2, to: 2 });
    expect(codeOf(() => unpad(padded, bytes, 1, 4))).toBe(errorCode.protocol);
    expect(codeOf(() => unpad(padded, bytes, 1, 1))).toBe(errorCode.protocol);
  });
});
