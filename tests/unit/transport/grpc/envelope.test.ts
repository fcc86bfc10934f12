import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { Code, RpcError } from "../../../../src/core/errors.ts";
import {
  checkEncoding,
  envelopeBytes,
  envelopeOf,
  frameMessage,
  messageBytes,
  unwrapMessage,
} from "../../../../src/transport/grpc/envelope.ts";

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
        const unpacked = unwrapMessage(frameMessage(gzipSync(message), true), "gzip", limit);
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
    expect(codeOf(() => unwrapMessage(frameMessage(gzipSync(large), true), "gzip", limit))).toBe(
      Code.ResourceExhausted,
    );
    const promise = new Uint8Array([0, 255, 255, 255, 255]);
    expect(codeOf(() => unwrapMessage(promise, undefined, limit))).toBe(Code.ResourceExhausted);
  });

  test("compressed without saying how, or by no gzip, is refused", () => {
    const frame = frameMessage(gzipSync("abc"), true);
    expect(codeOf(() => unwrapMessage(frame, undefined, limit))).toBe(Code.Internal);
    expect(codeOf(() => unwrapMessage(frame, "gzip", limit))).toBe(undefined);
    frame[7] = 255;
    expect(codeOf(() => unwrapMessage(frame, "gzip", limit))).toBe(Code.InvalidArgument);
  });

  test("compressed and empty is empty", () => {
    expect(unwrapMessage(new Uint8Array([1, 0, 0, 0, 0]), "gzip", limit).length).toBe(0);
  });

  test("says how long the message is that follows it", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.boolean(), (length, compressed) => {
        const envelope = envelopeOf({ length } as Uint8Array, compressed);
        expect([envelope.length, envelope[0]]).toEqual([envelopeBytes, compressed ? 1 : 0]);
        expect(messageBytes(envelope)).toBe(length);
      }),
    );
  });

  test.each([
    [undefined, undefined],
    ["identity", undefined],
    ["gzip", undefined],
    ["br", Code.Unimplemented],
    ["", Code.Unimplemented],
  ])("of a request compressed by %p: %p", (encoding, code) => {
    expect(codeOf(() => checkEncoding(encoding))).toBe(code);
  });
});
