import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FrameWriter } from "../../../../src/transport/http2/frame-writer.ts";
import { errorCode, frameType } from "../../../../src/transport/http2/frames.ts";
import { parseFrames } from "../../../support/raw-client.ts";

const maxPayload = 5000;

const anyFrame = fc.record({
  type: fc.integer({ min: 0, max: 255 }),
  flags: fc.integer({ min: 0, max: 255 }),
  stream: fc.integer({ min: 0, max: 0x7fff_ffff }),
  payload: fc
    .oneof(fc.uint8Array({ maxLength: 30 }), fc.uint8Array({ size: "max", maxLength: maxPayload }))
    .map((bytes) => Buffer.from(bytes)),
});

describe("a frame writer", () => {
  const read = (bytes: Uint8Array) => parseFrames(Buffer.from(bytes).toString("latin1"));

  test("gathers frames that read the same, turn after turn", () => {
    const turns = fc.array(fc.array(anyFrame, { maxLength: 6 }), { maxLength: 6 });
    fc.assert(
      fc.property(turns, (turns) => {
        const writer = new FrameWriter();
        const taken = turns.map((frames) => {
          for (const { type, flags, stream, payload } of frames) {
            writer.frame(type, flags, stream, payload);
          }
          const { length } = writer;
          const bytes = writer.take();
          expect(bytes.length).toBe(length);
          return bytes;
        });
        // Also the first is still what it was when the last was written.
        expect(taken.map(read)).toEqual(turns);
      }),
    );
  });

  test("cuts a header block into frames that are not too large", () => {
    const block = fc.uint8Array({ maxLength: 400 });
    fc.assert(
      fc.property(block, fc.integer({ min: 1, max: 300 }), fc.boolean(), (block, max, end) => {
        const writer = new FrameWriter();
        writer.headers(7, block, end, max);
        const frames = read(writer.take());
        expect(Buffer.concat(frames.map(({ payload }) => payload))).toEqual(Buffer.from(block));
        expect(frames.map(({ stream }) => stream)).toEqual(frames.map(() => 7));
        const lengths = frames.map(({ payload }) => payload.length);
        expect(Math.max(...lengths)).toBeLessThanOrEqual(max);
        expect(lengths.length).toBe(Math.max(1, Math.ceil(block.length / max)));
        const [first, ...rest] = frames.map(({ type, flags }) => [type, flags & 1]);
        expect(first).toEqual([frameType.headers, end ? 1 : 0]);
        expect(rest).toEqual(rest.map(() => [frameType.continuation, 0]));
        const ends = frames.map(({ flags }) => (flags & 4) !== 0);
        expect(ends.indexOf(true)).toBe(frames.length - 1);
      }),
    );
  });

  test("writes data, numbers and the last word", () => {
    const writer = new FrameWriter();
    writer.data(3, Buffer.from("abcdef"), 2, 4, true);
    writer.number(frameType.windowUpdate, 5, 0x7fff_ffff);
    writer.goAway(9, errorCode.cancel, "why");
    const [data, update, goAway] = read(writer.take());
    expect(data).toEqual({ type: 0, flags: 1, stream: 3, payload: Buffer.from("cd") });
    expect(update?.payload.readUInt32BE(0)).toBe(0x7fff_ffff);
    expect(goAway?.payload.toString("latin1")).toBe("\0\0\0\x09\0\0\0\x08why");
  });
});
