import { expect, test } from "bun:test";
import fc from "fast-check";
import { MessageCounter } from "../../../bench/side-by-side/message-counter.ts";
import { frame, frameType } from "../../support/raw-client.ts";

/** A gRPC message of so many bytes, in DATA of at most `size`. */
function message(stream: number, length: number, size: number): Buffer[] {
  const bytes = Buffer.alloc(5 + length, 1);
  bytes[0] = 0;
  bytes.writeUInt32BE(length, 1);
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    frames.push(frame(frameType.data, 0, stream, bytes.subarray(at, at + size)));
  }
  return frames;
}

function read(bytes: Buffer, cuts: readonly number[]) {
  const messages: number[] = [];
  const controls: number[] = [];
  const counter = new MessageCounter(
    (stream) => messages.push(stream),
    ({ type }) => controls.push(type),
  );
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  let from = 0;
  for (const end of ends.sort((a, b) => a - b)) {
    counter.feed(bytes.subarray(from, end));
    from = end;
  }
  return { messages, controls };
}

test("every message is told once, however frames and reads cut it", () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 10 });
  const cuts = fc.array(fc.nat(), { maxLength: 30 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 20 }), cuts, (lengths, size, cuts) => {
      const settings = frame(frameType.settings, 0, 0, Buffer.alloc(6));
      const frames = lengths.flatMap((length, i) => message(i * 2 + 1, length, size));
      const { messages, controls } = read(Buffer.concat([settings, ...frames, settings]), cuts);
      expect(messages).toEqual(lengths.map((_, i) => i * 2 + 1));
      expect(controls).toEqual([frameType.settings, frameType.settings]);
    }),
  );
});

test("messages of streams that take turns are told apart", () => {
  const [a = [], b = []] = [message(1, 30, 10), message(3, 30, 10)];
  const turns = a.flatMap((frame, i) => [frame, b[i] ?? Buffer.alloc(0)]);
  expect(read(Buffer.concat(turns), []).messages).toEqual([1, 3]);
});

test("a ping comes with its payload", () => {
  const payloads: string[] = [];
  const counter = new MessageCounter(
    () => {},
    ({ payload }) => payloads.push(payload.toString()),
  );
  const ping = frame(frameType.ping, 0, 0, Buffer.from("12345678"));
  counter.feed(ping.subarray(0, 12));
  counter.feed(ping.subarray(12));
  expect(payloads).toEqual(["12345678"]);
});
