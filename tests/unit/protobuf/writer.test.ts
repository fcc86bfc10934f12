import { expect, test } from "bun:test";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { WireWriter } from "../../../src/protobuf/writer.ts";

/** The first field of what was written, by protobuf-es' reader. */
function firstField(writer: WireWriter): { field: number; reader: BinaryReader } {
  const reader = new BinaryReader(writer.take());
  const [field] = reader.tag();
  return { field, reader };
}

const fields = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(2047, 2048, 2 ** 28 - 1));

test("scalars are written as protobuf-es reads them", () => {
  const writer = new WireWriter();
  fc.assert(
    fc.property(
      fields,
      fc.boolean(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double(),
      fc.string({ unit: "grapheme", maxLength: 400 }),
      (field, truth, integer, number, text) => {
        writer.bool(field, truth);
        writer.int64(field, integer);
        writer.double(field, number);
        writer.text(field, text);
        const reader = new BinaryReader(writer.take());
        const values = [
          () => reader.bool(),
          () => BigInt(reader.int64()),
          () => reader.double(),
          () => reader.string(),
        ].map((read) => [reader.tag()[0], read()]);
        expect(values).toEqual([
          [field, truth],
          [field, integer],
          [field, number],
          [field, text],
        ]);
        expect(reader.pos).toBe(reader.len);
      },
    ),
  );
});

test.each([0, 1, 126, 127, 128, 129, 16_383, 16_384, 70_000])(
  "a message of %d bytes has its length before it",
  (bytes) => {
    const content = "a".repeat(bytes);
    const writer = new WireWriter();
    writer.message(3, () => {
      // A field of one byte and its length come before the text.
      writer.message(1, () => writer.text(2, content));
      writer.bool(4, true);
    });
    writer.bool(5, true);
    const { field, reader } = firstField(writer);
    const outer = new BinaryReader(reader.bytes());
    expect(field).toBe(3);
    expect(outer.tag()[0]).toBe(1);
    const inner = new BinaryReader(outer.bytes());
    expect([inner.tag()[0], inner.string()]).toEqual([2, content]);
    expect([outer.tag()[0], outer.bool()]).toEqual([4, true]);
    expect([reader.tag()[0], reader.bool()]).toEqual([5, true]);
  },
);

test("what was taken stays as it was, and the writer begins anew", () => {
  const writer = new WireWriter();
  writer.text(1, "first");
  const first = writer.take();
  const before = Buffer.from(first);
  writer.text(1, "other text");
  expect(Buffer.from(writer.take()).toString("latin1")).toBe("\n\nother text");
  expect(Buffer.from(first)).toEqual(before);
  expect(writer.take().length).toBe(0);
});

test("the head of a message that is written elsewhere is tag and length", () => {
  const writer = new WireWriter();
  writer.head(2, 300);
  expect([...writer.take()]).toEqual([0x12, 0xac, 0x02]);
});
