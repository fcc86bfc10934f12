import { expect, test } from "bun:test";
import { create, fromBinary, type JsonObject, toBinary, toJson } from "@bufbuild/protobuf";
import { type Struct, StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { DecodeError, MAX_DEPTH, WireReader } from "../../../src/protobuf/reader.ts";
import { readStruct, writeStruct } from "../../../src/protobuf/struct.ts";
import { WireWriter } from "../../../src/protobuf/writer.ts";

function read(bytes: Uint8Array): unknown {
  const reader = new WireReader();
  reader.start(bytes);
  return readStruct(reader, bytes.length, 1, {});
}

function write(object: JsonObject): Uint8Array {
  const writer = new WireWriter();
  writeStruct(writer, object);
  return writer.take();
}

/** Members of any name, a prototype's included; no -0, which JSON has not. */
const objects = fc
  .dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "")), fc.jsonValue())
  .map((object) => JSON.parse(JSON.stringify(object)) as JsonObject);

test("an object is read as protobuf-es writes it", () => {
  fc.assert(
    fc.property(objects, (object) => {
      const bytes = toBinary(StructSchema, structOf(object));
      expect(read(bytes)).toEqual(object);
    }),
  );
});

test("an object is written as protobuf-es reads it", () => {
  fc.assert(
    fc.property(objects, (object) => {
      // Its JSON form takes a member `__proto__` for the prototype.
      const { fields } = fromBinary(StructSchema, write(object));
      const names = Object.keys(object).filter((name) => name !== "__proto__");
      for (const name of names) {
        const value = fields[name];
        expect(value && toJson(ValueSchema, value)).toEqual(object[name]);
      }
      expect(read(write(object))).toEqual(object);
    }),
  );
});

test("whatever the bytes are, they are read or refused as what they are not", () => {
  const parts = fc.constantFrom(
    ...[0x0a, 0x12, 0x08, 0x11, 0x1a, 0x20, 0x2a, 0x32, 0x00, 0x01, 0x02, 0x04, 0x06, 0x61],
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(parts, fc.nat(255)), { maxLength: 24 }), (list) => {
      let object: unknown;
      try {
        object = read(Uint8Array.from(list));
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        return;
      }
      // What was read is JSON.
      expect(JSON.parse(JSON.stringify(object))).toEqual(nullForNotFinite(object));
    }),
    { numRuns: 3_000 },
  );
});

/** As JSON writes numbers that it has no words for. */
function nullForNotFinite(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : null;
  if (Array.isArray(value)) return value.map(nullForNotFinite);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, nullForNotFinite(each)]),
  );
}

test("a known field of another wire type is passed over, as by Go's protobuf", () => {
  const odd = Uint8Array.of(0x08, 0x05, 0x0b, 0x12, 0x01, 0x61, 0x0c);
  expect(read(Buffer.concat([odd, write({ a: true }), odd]))).toEqual({ a: true });
});

test("a member that comes twice counts as protobuf-es counts it: the last one", () => {
  const bytes = Buffer.concat([write({ a: 1 }), write({ a: { b: 1 } }), write({ a: { c: 2 } })]);
  expect(read(bytes)).toEqual({ a: { c: 2 } });
  expect(plain(fromBinary(StructSchema, bytes))).toEqual({ a: { c: 2 } });
});

test("a value of several parts is merged as protobuf-es merges it", () => {
  const part = (object: JsonObject) => delimited(2, delimited(5, write(object)));
  const bytes = delimited(
    1,
    Buffer.concat([delimited(1, Buffer.from("a")), part({ b: 1 }), part({ c: 2 })]),
  );
  expect(read(bytes)).toEqual({ a: { b: 1, c: 2 } });
  expect(plain(fromBinary(StructSchema, bytes))).toEqual({ a: { b: 1, c: 2 } });
});

test("messages within messages have a limit", () => {
  let deep: JsonObject = {};
  for (let level = 0; level < MAX_DEPTH; level++) deep = { a: deep };
  expect(() => read(write(deep))).toThrow("too deeply nested");
});

function delimited(field: number, content: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of((field << 3) | 2, content.length), content]);
}

/** The message of an object, without its JSON form, which knows no member `__proto__`. */
function structOf(object: JsonObject): Struct {
  const struct = create(StructSchema);
  for (const [name, value] of Object.entries(object)) {
    Object.defineProperty(struct.fields, name, {
      value: toValue(value),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return struct;
}

function toValue(value: JsonObject[string]): Struct["fields"][string] {
  const made = create(ValueSchema);
  if (value === null) made.kind = { case: "nullValue", value: 0 };
  else if (typeof value === "number") made.kind = { case: "numberValue", value };
  else if (typeof value === "string") made.kind = { case: "stringValue", value };
  else if (typeof value === "boolean") made.kind = { case: "boolValue", value };
  else if (Array.isArray(value)) {
    made.kind = {
      case: "listValue",
      value: { $typeName: "google.protobuf.ListValue", values: value.map(toValue) },
    };
  } else made.kind = { case: "structValue", value: structOf(value as JsonObject) };
  return made;
}

/** A value whose kind is not set is null. */
function plain({ fields }: Struct): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, plainValue(value)]),
  );
}

function plainValue({ kind }: Struct["fields"][string]): unknown {
  switch (kind.case) {
    case undefined:
    case "nullValue":
      return null;
    case "structValue":
      return plain(kind.value);
    case "listValue":
      return kind.value.values.map(plainValue);
    default:
      return kind.value;
  }
}
