import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { endlessTurn } from "../../../../src/core/turns.ts";
import { FrameReader } from "../../../../src/transport/http2/frame-reader.ts";
import { checkFrame, unpad } from "../../../../src/transport/http2/frame-rules.ts";
import { FrameWriter } from "../../../../src/transport/http2/frame-writer.ts";
import { ConnectionError, errorCode, frameType } from "../../../../src/transport/http2/frames.ts";
import { decodeSettings, encodeSettings } from "../../../../src/transport/http2/settings.ts";
import { type Frame, frame, parseFrames, preface } from "../../../support/raw-client.ts";

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
    expect(unpad(0, bytes, 1, 6)).toEqual([1, 6]);
    expect(unpad(padded, bytes, 1, 6)).toEqual([2, 3]);
    expect(unpad(padded, bytes, 1, 5)).toEqual([2, 2]);
    expect(codeOf(() => unpad(padded, bytes, 1, 4))).toBe(errorCode.protocol);
    expect(codeOf(() => unpad(padded, bytes, 1, 1))).toBe(errorCode.protocol);
  });
});

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
