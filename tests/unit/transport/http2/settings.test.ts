import { describe, expect, test } from "bun:test";
import { ConnectionError, errorCode } from "../../../../src/transport/http2/frames.ts";
import { decodeSettings, encodeSettings } from "../../../../src/transport/http2/settings.ts";

function codeOf(action: () => unknown): number | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof ConnectionError) return error.code;
    throw error;
  }
}

describe("settings", () => {
  const decode = (values: [number, number][]) => {
    const bytes = Buffer.concat([Buffer.alloc(3, 0xff), encodeSettings(values)]);
    return decodeSettings(bytes, 3, bytes.length);
  };

  test("of which the last of each counts, and unknown ones do not", () => {
    expect(decode([])).toEqual({});
    expect(
      decode([
        [4, 1],
        [5, 16_384],
        [4, 0x7fff_ffff],
        [99, 7],
        [1, 0],
        [3, 0],
        [6, 0],
        [5, 0xff_ffff],
      ]),
    ).toEqual({ tableSize: 0, initialWindow: 0x7fff_ffff, maxFrame: 0xff_ffff });
  });

  test.each<[number, number, number]>([
    [2, 2, errorCode.protocol],
    [4, 0x8000_0000, errorCode.flowControl],
    [4, 0xffff_ffff, errorCode.flowControl],
    [5, 16_383, errorCode.protocol],
    [5, 0x100_0000, errorCode.protocol],
  ])("%d of %d are refused", (id, value, code) => {
    expect(codeOf(() => decode([[id, value]]))).toBe(code);
  });

  test("that are cut are refused", () => {
    expect(codeOf(() => decodeSettings(Buffer.alloc(13), 0, 13))).toBe(errorCode.frameSize);
  });
});
