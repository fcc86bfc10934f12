import { describe, expect, test } from "bun:test";
import { create, fromBinary, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import {
  ResolveAllRequestSchema,
  ResolveBooleanRequestSchema,
} from "../../../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { DecodeError } from "../../../../src/protobuf/reader.ts";
import {
  decodeEmptyRequest,
  decodeResolveRequest as decodeLazily,
  decodeResolveAllRequest,
} from "../../../../src/services/evaluation/resolve-request.ts";

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom("", "__proto__", "constructor", "\uFEFFbom", "x".repeat(33)),
);
const scalar = fc.oneof(fc.double(), fc.boolean(), fc.constant(null), text);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof({ depthSize: "small" }, scalar, tie("list"), tie("object")),
  list: fc.array(tie("json"), { maxLength: 4 }),
  object: fc.dictionary(text, tie("json"), { maxKeys: 4 }),
}));
const object = fc.dictionary(text, json, { maxKeys: 6 }) as fc.Arbitrary<JsonObject>;

/** Wire forms that no encoder writes but every decoder must understand. */
type Part = (writer: BinaryWriter) => void;
const delimited = (number: number, parts: readonly Part[]): Part => {
  return (writer) => {
    writer.tag(number, WireType.LengthDelimited).fork();
    for (const part of parts) part(writer);
    writer.join();
  };
};
const unknown: fc.Arbitrary<Part> = fc.constantFrom<Part>(
  (writer) => writer.tag(15, WireType.Varint).uint32(300),
  (writer) => writer.tag(2000, WireType.Bit32).fixed32(7),
  (writer) => writer.tag(16, WireType.Bit64).double(1.5),
  (writer) => writer.tag(17, WireType.LengthDelimited).string("ignored"),
  (writer) =>
    writer
      .tag(18, WireType.StartGroup)
      .tag(1, WireType.Varint)
      .uint32(1)
      .tag(18, WireType.EndGroup),
);
const { struct } = fc.letrec<{ struct: Part[]; entry: Part[]; value: Part[]; list: Part[] }>(
  (tie) => ({
    value: fc.array(
      fc.oneof(
        { depthSize: "small" },
        fc.constant<Part>((writer) => writer.tag(1, WireType.Varint).uint32(0)),
        fc.double().map<Part>((n) => (writer) => writer.tag(2, WireType.Bit64).double(n)),
        text.map<Part>((s) => (writer) => writer.tag(3, WireType.LengthDelimited).string(s)),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map<Part>((n) => (writer) => {
          writer.tag(4, WireType.Varint).uint64(n);
        }),
        tie("struct").map((parts) => delimited(5, parts)),
        tie("list").map((parts) => delimited(6, parts)),
        unknown,
      ),
      { maxLength: 3 },
    ),
    entry: fc.array(
      fc.oneof(
        fc.constantFrom("a", "b", "__proto__").map<Part>((key) => (writer) => {
          writer.tag(1, WireType.LengthDelimited).string(key);
        }),
        tie("value").map((parts) => delimited(2, parts)),
        unknown,
      ),
      { maxLength: 4 },
    ),
    struct: fc.array(
      fc.oneof(
        tie("entry").map((parts) => delimited(1, parts)),
        unknown,
      ),
      {
        maxLength: 3,
      },
    ),
    list: fc.array(
      fc.oneof(
        tie("value").map((parts) => delimited(1, parts)),
        unknown,
      ),
      {
        maxLength: 3,
      },
    ),
  }),
);
const request = fc
  .array(
    fc.oneof(
      text.map<Part>((key) => (writer) => writer.tag(1, WireType.LengthDelimited).string(key)),
      struct.map((parts) => delimited(2, parts)),
      unknown,
    ),
    { maxLength: 4 },
  )
  .map((parts) => {
    const writer = new BinaryWriter();
    for (const part of parts) part(writer);
    return writer.finish();
  });

function decodeResolveRequest(bytes: Uint8Array) {
  const { flagKey, readContext } = decodeLazily(bytes);
  return { flagKey, context: readContext() };
}

function byProtobuf(bytes: Uint8Array) {
  const message = fromBinary(ResolveBooleanRequestSchema, bytes);
  return { flagKey: message.flagKey, context: message.context ?? {} };
}

function nested(levels: number): Uint8Array {
  let inner: JsonObject = {};
  for (let level = 0; level < levels; level++) inner = { a: inner };
  return toBinary(
    ResolveBooleanRequestSchema,
    create(ResolveBooleanRequestSchema, { context: inner }),
  );
}

describe("reading a Resolve request", () => {
  test("gives what protobuf-es wrote", () => {
    fc.assert(
      fc.property(text, object, (flagKey, context) => {
        const bytes = toBinary(
          ResolveBooleanRequestSchema,
          create(ResolveBooleanRequestSchema, { flagKey, context }),
        );
        expect(decodeResolveRequest(bytes)).toEqual({ flagKey, context });
      }),
    );
  });

  test("agrees with protobuf-es on repeated, merged and unknown fields", () => {
    fc.assert(
      fc.property(request, (bytes) => {
        expect(decodeResolveRequest(bytes)).toEqual(byProtobuf(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test("reads the context of a ResolveAll request", () => {
    fc.assert(
      fc.property(object, (context) => {
        const bytes = toBinary(
          ResolveAllRequestSchema,
          create(ResolveAllRequestSchema, { context }),
        );
        expect(decodeResolveAllRequest(bytes)).toEqual(context);
      }),
    );
  });

  test("refuses damaged messages by a DecodeError and by nothing else", () => {
    fc.assert(
      fc.property(
        request,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (bytes, changes, cut) => {
          const damaged = bytes.slice(0, bytes.length - (cut % (bytes.length + 1)));
          for (const [at, byte] of changes) damaged[at % (damaged.length || 1)] = byte;
          try {
            decodeResolveRequest(damaged);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("nests as deep as protobuf-es does and no deeper", () => {
    expect(decodeResolveRequest(nested(49)).context).toEqual(byProtobuf(nested(49)).context);
    expect(() => byProtobuf(nested(50))).toThrow("recursion depth");
    expect(() => decodeResolveRequest(nested(50))).toThrow("too deeply nested");
  });

  test.each([
    ["a length beyond the message", [0x0a, 0x05, 0x61]],
    ["a length beyond the enclosing field", [0x12, 0x02, 0x0a, 0x05, 0x61, 0x61, 0x61, 0x61, 0x61]],
    ["invalid UTF-8", [0x0a, 0x01, 0xff]],
    ["field number 0", [0x02, 0x00]],
    ["an unknown wire type", [0x0f]],
    ["an end of a group without its start", [0x7c]],
    ["a group that is not ended", [0x7b, 0x08, 0x01]],
    ["a varint that never ends", Array<number>(11).fill(0xff)],
    ["a truncated number", [0x12, 0x09, 0x0a, 0x07, 0x12, 0x05, 0x11, 0x00, 0x00, 0x00, 0x00]],
  ])("refuses %s", (_, bytes) => {
    expect(() => decodeResolveRequest(Uint8Array.from(bytes))).toThrow(DecodeError);
  });

  test("bounds groups within groups", () => {
    const deep = new Uint8Array(5000).fill(0x7b);
    expect(() => decodeResolveRequest(deep)).toThrow("too deeply nested");
  });

  test("an empty request may carry fields that are not known", () => {
    expect(() => decodeEmptyRequest(Uint8Array.from([0x78, 0x01]))).not.toThrow();
    expect(() => decodeEmptyRequest(Uint8Array.from([0x78]))).toThrow(DecodeError);
  });
});
