import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { Code, RpcError } from "../../../src/core/rpc-error.ts";
import {
  checkEncoding,
  frameCompressed,
  unwrapMessage,
  wantsGzip,
} from "../../../src/transport/grpc/envelope.ts";
import { percentEncode, statusOf } from "../../../src/transport/grpc/grpc-status.ts";
import { parseGrpcTimeout } from "../../../src/transport/grpc/grpc-timeout.ts";
import { frameMessage } from "../../../src/transport/method.ts";

const limit = 10_000;

function codeOf(action: () => unknown): Code | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof RpcError ? error.code : Code.Unknown;
  }
}

describe("an envelope", () => {
  const anyMessage = fc.uint8Array({ maxLength: 3000 });

  test("gives back the message that was put in, compressed or not", () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(unwrapMessage(frameMessage(message), undefined, limit)).toEqual(message);
        const unpacked = unwrapMessage(frameCompressed(message), "gzip", limit);
        expect(new Uint8Array(unpacked)).toEqual(message);
      }),
    );
  });

  test("that is cut short or followed by more is refused", () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(), fc.uint8Array({ minLength: 1 }), (message, cut, more) => {
        const frame = frameMessage(message);
        const short = frame.subarray(0, cut % frame.length);
        const refused = short.length === 0 ? Code.Unimplemented : Code.InvalidArgument;
        expect(codeOf(() => unwrapMessage(short, undefined, limit))).toBe(refused);
        const long = Buffer.concat([frame, more]);
        expect(codeOf(() => unwrapMessage(long, undefined, limit))).toBe(Code.Unimplemented);
      }),
    );
  });

  test("with flags that gRPC does not have is refused", () => {
    const frame = frameMessage(new Uint8Array(3));
    frame[0] = 2;
    expect(codeOf(() => unwrapMessage(frame, undefined, limit))).toBe(Code.Internal);
  });

  test("over the limit is refused by what it promises and by what it unpacks to", () => {
    expect(codeOf(() => unwrapMessage(frameMessage(new Uint8Array(limit)), undefined, limit))).toBe(
      undefined,
    );
    const large = new Uint8Array(limit + 1);
    expect(codeOf(() => unwrapMessage(frameMessage(large), undefined, limit))).toBe(
      Code.ResourceExhausted,
    );
    expect(codeOf(() => unwrapMessage(frameCompressed(large), "gzip", limit))).toBe(
      Code.ResourceExhausted,
    );
    const promise = new Uint8Array([0, 255, 255, 255, 255]);
    expect(codeOf(() => unwrapMessage(promise, undefined, limit))).toBe(Code.ResourceExhausted);
  });

  test("compressed without saying how, or by no gzip, is refused", () => {
    const frame = frameMessage(gzipSync("abc"));
    frame[0] = 1;
    expect(codeOf(() => unwrapMessage(frame, undefined, limit))).toBe(Code.Internal);
    expect(codeOf(() => unwrapMessage(frame, "gzip", limit))).toBe(undefined);
    frame[7] = 255;
    expect(codeOf(() => unwrapMessage(frame, "gzip", limit))).toBe(Code.InvalidArgument);
  });

  test("compressed and empty is empty", () => {
    expect(unwrapMessage(new Uint8Array([1, 0, 0, 0, 0]), "gzip", limit).length).toBe(0);
  });

  test("of an answer that is sent often is compressed once", () => {
    const message = new Uint8Array(5000);
    expect(frameCompressed(message)).toBe(frameCompressed(message));
  });
});

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

  test.each([
    [undefined, undefined],
    ["identity", undefined],
    ["gzip", undefined],
    ["br", Code.Unimplemented],
    ["", Code.Unimplemented],
  ])("of requests by %p: %p", (encoding, code) => {
    expect(codeOf(() => checkEncoding(encoding))).toBe(code);
  });
});

describe("a timeout", () => {
  test.each([
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3000],
    ["250m", 250],
    ["500u", 0.5],
    ["1000000n", 1],
    ["99999999H", 99_999_999 * 3_600_000],
    ["0S", 0],
  ])("%s is %d ms", (value, expected) => {
    expect(parseGrpcTimeout(value)).toBeCloseTo(expected);
  });

  test.each(["", "1", "S", "1s", "-1S", "1.5S", "123456789S", "1 S", "1S ", "0x1S"])(
    "%p is refused",
    (value) => {
      expect(codeOf(() => parseGrpcTimeout(value))).toBe(Code.InvalidArgument);
    },
  );
});

describe("a status", () => {
  test("message survives percent-encoding in printable ASCII", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (message) => {
        const encoded = percentEncode(message);
        expect(encoded).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeURIComponent(encoded)).toBe(message);
      }),
    );
  });

  test("message may hold half a surrogate pair", () => {
    expect(percentEncode("a\ud800b")).toBe("a%EF%BF%BDb");
  });

  test("is made of an error", () => {
    const error = new RpcError("50 %", Code.NotFound);
    expect(statusOf(error)).toEqual({ "grpc-status": "5", "grpc-message": "50 %25" });
  });
});
