import { describe, expect, test } from "bun:test";
import { constants } from "node:http2";
import fc from "fast-check";
import { FrameGuard } from "../../../src/transport/http2/frame-guard.ts";
import { frame, frameType, preface } from "../../support/raw-client.ts";

const endStream = 1;
const settings = frame(frameType.settings, 0, 0);
const open = (stream: number) => frame(frameType.headers, 4, stream, Buffer.from("block"));
const whole = (stream: number) => frame(frameType.headers, 4 | endStream, stream);
const data = (stream: number) => frame(frameType.data, 0, stream, Buffer.from("message"));
const last = (stream: number) => frame(frameType.data, endStream, stream);
const reset = (stream: number) => frame(frameType.reset, 0, stream, Buffer.alloc(4));
const update = (stream: number) => frame(frameType.windowUpdate, 0, stream, Buffer.alloc(4, 1));

/** @returns The code that ends the connection and the frames before it, or undefined. */
function verdict(frames: readonly Uint8Array[]): { code: number; before: number } | undefined {
  const guard = new FrameGuard();
  guard.read(preface);
  for (const [before, one] of frames.entries()) {
    const violation = guard.read(one);
    if (violation) return { code: Buffer.from(violation.goAway).readUInt32BE(13), before };
  }
  return undefined;
}

describe("frames that a client may send", () => {
  test.each<[string, Uint8Array[]]>([
    ["a call", [settings, open(1), data(1), last(1)]],
    ["calls side by side", [open(1), open(3), data(1), last(3), last(1), whole(5)]],
    ["trailers", [open(1), data(1), whole(1)]],
    ["windows of streams that it has ended", [whole(1), update(1), update(0)]],
    ["the end of a stream that it has ended", [whole(1), reset(1)]],
    ["priorities of streams to come", [frame(2, 0, 7, Buffer.alloc(5))]],
    ["streams that it left out", [whole(5), whole(9)]],
  ])("%s", (_name, frames) => {
    expect(verdict(frames)).toBeUndefined();
  });
});

describe("frames that end the connection", () => {
  const { NGHTTP2_PROTOCOL_ERROR, NGHTTP2_STREAM_CLOSED } = constants;
  test.each<[string, Uint8Array[], number]>([
    ["data before headers", [settings, data(1)], NGHTTP2_PROTOCOL_ERROR],
    ["a window before headers", [whole(1), update(3)], NGHTTP2_PROTOCOL_ERROR],
    ["data after the end", [open(1), last(1), data(1)], NGHTTP2_STREAM_CLOSED],
    ["data after a reset", [open(1), reset(1), data(1)], NGHTTP2_STREAM_CLOSED],
    ["headers after the end", [whole(1), whole(1)], NGHTTP2_STREAM_CLOSED],
    ["a stream below the last one", [whole(5), whole(3)], NGHTTP2_STREAM_CLOSED],
  ])("%s", (_name, frames, code) => {
    expect(verdict(frames)).toEqual({ code, before: frames.length - 1 });
  });

  test("however the bytes are cut", () => {
    const good = Buffer.concat([preface, settings, open(1), data(1), last(1), whole(3)]);
    const bytes = Buffer.concat([good, data(3), whole(5)]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
        const guard = new FrameGuard();
        let at = 0;
        for (let n = 0; at < bytes.length; n++) {
          const chunk = bytes.subarray(at, at + (sizes[n % sizes.length] ?? 1));
          const violation = guard.read(chunk);
          at += chunk.length;
          if (!violation) continue;
          // Nothing of what is good is cut off, and no whole frame that is bad gets through.
          const passed = at - chunk.length + violation.offset;
          return passed >= good.length && passed < good.length + 9;
        }
        return false;
      }),
    );
  });

  test("with the last stream that was opened", () => {
    const guard = new FrameGuard();
    guard.read(Buffer.concat([preface, whole(7)]));
    const goAway = Buffer.from(guard.read(data(7))?.goAway ?? []);
    const body = Buffer.from([0, 0, 0, 7, 0, 0, 0, constants.NGHTTP2_STREAM_CLOSED]);
    expect(goAway.toString("hex")).toBe(frame(frameType.goAway, 0, 0, body).toString("hex"));
  });
});

test("streams that a client never ends are forgotten, and then nothing is held against it", () => {
  const streams = Array.from({ length: 3000 }, (_, n) => 2 * n + 1);
  expect(verdict([...streams.map(open), ...streams.map(last)])).toBeUndefined();
});
