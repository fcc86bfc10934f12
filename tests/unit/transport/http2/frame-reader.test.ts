import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { endlessTurn } from "../../../../src/core/turns.ts";
import { FrameReader } from "../../../../src/transport/http2/frame-reader.ts";
import { ConnectionError, errorCode } from "../../../../src/transport/http2/frames.ts";
import { type Frame, frame, preface } from "../../../support/raw-client.ts";

const maxPayload = 5000;

function codeOf(action: () => unknown): number | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof ConnectionError) return error.code;
    throw error;
  }
}

/** A reader and what it has read. */
function reading(): { reader: FrameReader; frames: Frame[] } {
  const frames: Frame[] = [];
  const reader = new FrameReader(maxPayload, (type, flags, stream, bytes, start, end) => {
    frames.push({ type, flags, stream, payload: Buffer.from(bytes.subarray(start, end)) });
  });
  return { reader, frames };
}

const anyFrame = fc.record({
  type: fc.integer({ min: 0, max: 255 }),
  flags: fc.integer({ min: 0, max: 255 }),
  stream: fc.integer({ min: 0, max: 0x7fff_ffff }),
  payload: fc
    .oneof(fc.uint8Array({ maxLength: 30 }), fc.uint8Array({ size: "max", maxLength: maxPayload }))
    .map((bytes) => Buffer.from(bytes)),
});
const toBytes = ({ type, flags, stream, payload }: Frame) => frame(type, flags, stream, payload);

const feed = (reader: FrameReader, chunk: Buffer) => {
  reader.push(chunk);
  expect(reader.read(endlessTurn)).toBe(false);
};

describe("a frame reader", () => {
  test("reads the same frames however their bytes are cut", () => {
    const cuts = fc.infiniteStream(fc.oneof(fc.nat(20), fc.nat(3000)));
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 10 }), cuts, (expected, sizes) => {
        const bytes = Buffer.concat([preface, ...expected.map(toBytes)]);
        const { reader, frames } = reading();
        for (let at = 0; at < bytes.length; ) {
          const size = 1 + sizes.next().value;
          feed(reader, Buffer.from(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(frames).toEqual(expected);
        expect(reader.unfinished).toBeUndefined();
      }),
    );
  });

  test("leaves what its turn is too short for, and goes on with it in the next", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 10 }), fc.nat(3), (expected, perTurn) => {
        const { reader, frames } = reading();
        reader.push(Buffer.concat([preface, ...expected.map(toBytes)]));
        for (let end = 0, left = true; left; ) {
          const before = frames.length;
          end += perTurn + 1;
          left = reader.read({
            get over() {
              return frames.length >= end;
            },
          });
          expect(frames.length - before).toBeLessThanOrEqual(perTurn + 1);
        }
        expect(frames).toEqual(expected);
      }),
    );
  });

  test("passes over the reserved bit of a stream's number", () => {
    const { reader, frames } = reading();
    const bytes = frame(0, 0, 1);
    bytes[5] = 0x80;
    feed(reader, Buffer.concat([preface, bytes]));
    expect(frames.map(({ stream }) => stream)).toEqual([1]);
  });

  test("tells frames apart of which only the beginning is there", () => {
    const { reader } = reading();
    const bytes = frame(0, 0, 1, Buffer.alloc(10));
    feed(reader, preface);
    expect(reader.unfinished).toBeUndefined();
    feed(reader, bytes.subarray(0, 3));
    const first = reader.unfinished;
    expect(first).toBeDefined();
    feed(reader, bytes.subarray(3, 12));
    expect(reader.unfinished).toBe(first);
    feed(reader, Buffer.concat([bytes.subarray(12), bytes.subarray(0, 1)]));
    expect(reader.unfinished).toBeDefined();
    expect(reader.unfinished).not.toBe(first);
    feed(reader, bytes.subarray(1));
    expect(reader.unfinished).toBeUndefined();
  });

  test("refuses a frame that is too large before it arrives, and takes the largest", () => {
    const header = (size: number) => frame(0, 0, 1, Buffer.alloc(size)).subarray(0, 9);
    const read = (size: number) => {
      const { reader } = reading();
      feed(reader, Buffer.concat([preface, header(size)]));
    };
    expect(codeOf(() => read(maxPayload))).toBeUndefined();
    expect(codeOf(() => read(maxPayload + 1))).toBe(errorCode.frameSize);
    expect(codeOf(() => read(0xff_ffff))).toBe(errorCode.frameSize);
  });

  test("refuses what does not begin with the preface", () => {
    const other = Buffer.from(preface);
    other[20] = 0;
    expect(codeOf(() => feed(reading().reader, other))).toBe(errorCode.protocol);
  });

  test("throws nothing but its own error at random bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (chunks) => {
        const { reader } = reading();
        feed(reader, preface);
        codeOf(() => {
          for (const chunk of chunks) feed(reader, Buffer.from(chunk));
        });
      }),
    );
  });
});
