import { describe, expect, test } from "bun:test";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { DecodeError, MAX_DEPTH, WireReader } from "../../../src/protobuf/reader.ts";

const reader = new WireReader();

/** Reads something from bytes that another message follows. */
function read<Value>(bytes: readonly number[] | Uint8Array, from: (end: number) => Value) {
  const padded = Buffer.concat([Uint8Array.from(bytes), Uint8Array.of(0x7f, 0x7f)]);
  reader.start(padded);
  const value = from(bytes.length);
  return { value, position: reader.position };
}

function written(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

describe("a varint", () => {
  test("of 32 bits is read as protobuf-es writes it", () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), (number) => {
        const bytes = written((writer) => writer.uint32(number));
        const { value, position } = read(bytes, (end) => reader.varint(end));
        expect([value, position]).toEqual([number, bytes.length]);
      }),
    );
  });

  test("of 64 bits gives its low 32 bits, and is true if any bit is set", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (number) => {
        const bytes = written((writer) => writer.uint64(number));
        expect(read(bytes, (end) => reader.varint(end)).value).toBe(Number(number & 0xffff_ffffn));
        expect(read(bytes, (end) => reader.bool(end)).value).toBe(number !== 0n);
      }),
    );
  });

  test.each([
    ["ends with the message", [0x80, 0x80], "premature end"],
    ["has more than 10 bytes", Array(11).fill(0x80), "varint of more than 10 bytes"],
  ])("that %s is refused", (_, bytes, message) => {
    expect(() => read(bytes, (end) => reader.varint(end))).toThrow(message);
    expect(() => read(bytes, (end) => reader.bool(end))).toThrow(message);
  });

  test("may be longer than it has to be", () => {
    expect(read([0x81, 0x80, 0x00], (end) => reader.varint(end))).toEqual({
      value: 1,
      position: 3,
    });
    expect(read([0x80, 0x00], (end) => reader.bool(end))).toEqual({ value: false, position: 2 });
  });
});

describe("a tag", () => {
  test("is field number and wire type", () => {
    for (const field of [1, 15, 16, 2047, 2 ** 29 - 1]) {
      const bytes = written((writer) => writer.tag(field, WireType.LengthDelimited));
      const { value } = read(bytes, (end) => reader.tag(end));
      expect([value >>> 3, value & 7]).toEqual([field, 2]);
    }
  });

  test.each([
    ["has the field number 0", [0x02]],
    ["has a wire type that there is not", [0x0e]],
    ["has more than 32 bits", [0x8a, 0x80, 0x80, 0x80, 0x10]],
    ["is longer than 5 bytes", [0x8a, 0x80, 0x80, 0x80, 0x80, 0x00]],
  ])("that %s is refused", (_, bytes) => {
    expect(() => read(bytes, (end) => reader.tag(end))).toThrow("illegal tag");
  });
});

test("a double is read as it was written, and not beyond the message", () => {
  fc.assert(
    fc.property(fc.double(), (number) => {
      const bytes = written((writer) => writer.double(number));
      expect(read(bytes, (end) => reader.double(end))).toEqual({ value: number, position: 8 });
    }),
  );
  expect(() => read([0, 0, 0, 0, 0, 0, 0], (end) => reader.double(end))).toThrow("premature end");
});

describe.each(["text", "name"] as const)("a %s", (kind) => {
  test("of any length and script is read as it was written", () => {
    // The limit of short texts is within.
    const text = fc.oneof(fc.string({ maxLength: 70 }), fc.string({ unit: "grapheme" }));
    fc.assert(
      fc.property(text, (text) => {
        const bytes = written((writer) => writer.string(text));
        const { value, position } = read(bytes, (end) => reader[kind](end));
        expect([value, position]).toEqual([text, bytes.length]);
      }),
    );
  });

  test("keeps a byte order mark", () => {
    const text = "\ufeffa";
    const bytes = written((writer) => writer.string(text));
    expect(read(bytes, (end) => reader[kind](end)).value).toBe(text);
  });

  test.each([
    ["a byte alone", [0xff]],
    ["half a surrogate pair", [0xed, 0xa0, 0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
  ])("of invalid UTF-8, %s, is refused, short and long", (_, flaw) => {
    for (const before of [0, 100]) {
      const content = [...Buffer.alloc(before, "a"), ...flaw];
      expect(() => read([content.length, ...content], (end) => reader[kind](end))).toThrow(
        "invalid UTF-8",
      );
    }
  });

  test("that claims to be longer than the message is refused", () => {
    expect(() => read([3, 97, 97], (end) => reader[kind](end))).toThrow(
      "length beyond the message",
    );
  });
});

test("a name is not taken for another one that was read before", () => {
  // Letters whose UTF-8 is the letters of others, so that a careless comparison finds them equal.
  const letters = fc.constantFrom("a", "b", "\u00c3", "\u00a9", "\u00e9", "\u{1f600}");
  const names = fc.array(fc.string({ unit: letters, maxLength: 4 }), { maxLength: 200 });
  fc.assert(
    fc.property(names, (names) => {
      const fresh = new WireReader();
      for (const name of names) {
        const bytes = written((writer) => writer.string(name));
        fresh.start(bytes);
        expect(fresh.name(bytes.length)).toBe(name);
        expect(fresh.position).toBe(bytes.length);
      }
    }),
  );
});

describe("a field that nobody asked for", () => {
  test("is passed over, whatever its type", () => {
    const bytes = written((writer) => {
      writer.tag(9, WireType.Varint).uint64(2n ** 64n - 1n);
      writer.tag(9, WireType.Bit64).double(1);
      writer.tag(9, WireType.Bit32).fixed32(1);
      writer.tag(9, WireType.LengthDelimited).string("text");
      writer.tag(9, WireType.StartGroup);
      writer.tag(1, WireType.StartGroup).tag(1, WireType.EndGroup);
      writer.tag(2, WireType.LengthDelimited).string("inner");
      writer.tag(9, WireType.EndGroup);
    });
    const { position } = read(bytes, (end) => {
      while (reader.position < end) reader.skip(reader.tag(end), end, 0);
    });
    expect(position).toBe(bytes.length);
  });

  const [start, end, otherEnd] = [0x4b, 0x4c, 0x54];
  test.each([
    ["a group without an end", [start], "premature end"],
    ["the end of a group without a start", [end], "end of a group that was not started"],
    ["the end of another group", [start, otherEnd], "end of a group that was not started"],
    ["groups within groups without end", Array(MAX_DEPTH + 2).fill(start), "too deeply nested"],
    ["eight bytes that are not there", [0x49, 0], "premature end"],
    ["four bytes that are not there", [0x4d, 0], "premature end"],
    ["a length beyond the message", [0x4a, 2, 0], "length beyond the message"],
  ])("is refused if it is %s", (_, bytes, message) => {
    expect(() =>
      read(bytes, (end) => {
        while (reader.position < end) reader.skip(reader.tag(end), end, 0);
      }),
    ).toThrow(message);
  });
});

test("whatever the bytes are, they are passed over to their end or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        const { position } = read(bytes, (end) => {
          while (reader.position < end) reader.skip(reader.tag(end), end, 0);
        });
        expect(position).toBe(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
    { numRuns: 2_000 },
  );
});
