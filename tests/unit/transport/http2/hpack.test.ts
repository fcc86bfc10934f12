import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CompressionError, HpackDecoder } from "../../../../src/transport/http2/hpack/decoder.ts";
import { encodeBlock } from "../../../../src/transport/http2/hpack/encoder.ts";
import { decodeHuffman } from "../../../../src/transport/http2/hpack/huffman.ts";
import { DynamicTable, headerField } from "../../../../src/transport/http2/hpack/tables.ts";
import {
  type Field,
  HpackEncoder,
  hpackInteger,
  huffmanCode,
  type Style,
} from "../../../support/hpack-encoder.ts";

function decodeWith(decoder: HpackDecoder, bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  // Among other bytes: a decoder must not read beyond its block.
  const around = Buffer.concat([Buffer.from([0xff]), bytes, Buffer.from([0x82, 0x82])]);
  decoder.decode(around, 1, 1 + bytes.length, ({ name, value }) => fields.push([name, value]));
  return fields;
}

const decode = (bytes: Uint8Array | number[]) =>
  decodeWith(new HpackDecoder(), Uint8Array.from(bytes));
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("the examples of RFC 7541", () => {
  test.each<[string, string, Field]>([
    [
      "C.2.1",
      "400a6375 73746f6d2d6b6579 0d637573746f6d2d686561646572",
      ["custom-key", "custom-header"],
    ],
    ["C.2.2", "040c2f73616d706c652f70617468", [":path", "/sample/path"]],
    ["C.2.3", "100870617373776f726406736563726574", ["password", "secret"]],
    ["C.2.4", "82", [":method", "GET"]],
  ])("%s: a field", (_name, bytes, field) => {
    expect(decode(hex(bytes))).toEqual([field]);
  });

  const requests: Field[][] = [
    [
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/"],
      [":authority", "www.example.com"],
    ],
    [
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/"],
      [":authority", "www.example.com"],
      ["cache-control", "no-cache"],
    ],
    [
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/index.html"],
      [":authority", "www.example.com"],
      ["custom-key", "custom-value"],
    ],
  ];
  const earlier = "Mon, 21 Oct 2013 20:13:21 GMT";
  const cookie = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
  const location: Field = ["location", "https://www.example.com"];
  const responses: Field[][] = [
    [[":status", "302"], ["cache-control", "private"], ["date", earlier], location],
    [[":status", "307"], ["cache-control", "private"], ["date", earlier], location],
    [
      [":status", "200"],
      ["cache-control", "private"],
      ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
      location,
      ["content-encoding", "gzip"],
      ["set-cookie", cookie],
    ],
  ];
  /** The examples assume a table of 256 octets. */
  const small = "3fe101";

  test.each<[string, string[], Field[][]]>([
    [
      "C.3: requests",
      [
        "828684410f7777772e6578616d706c652e636f6d",
        "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
      ],
      requests,
    ],
    [
      "C.4: requests in the Huffman code",
      [
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        "828684be5886a8eb10649cbf",
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
      ],
      requests,
    ],
    [
      "C.5: responses, of which the table holds only some",
      [
        `${small}4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a3231` +
          "20474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f" +
          "6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b" +
          "2076657273696f6e3d31",
      ],
      responses,
    ],
    [
      "C.6: the same in the Huffman code",
      [
        `${small}488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad1718` +
          "63c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335" +
          "dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
      ],
      responses,
    ],
  ])("%s", (_name, blocks, expected) => {
    const decoder = new HpackDecoder();
    expect(blocks.map((block) => decodeWith(decoder, hex(block)))).toEqual(expected);
  });
});

const latin1 = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n)),
});
const field = fc.tuple(
  fc.oneof(fc.constantFrom(":path", ":method", "te", "cookie", "x-a", "x-b"), latin1),
  fc.oneof(fc.constantFrom("", "GET", "trailers", "v".repeat(900), "w".repeat(5000)), latin1),
);
const style: fc.Arbitrary<Style> = fc.record({
  huffman: fc.boolean(),
  indexed: fc.boolean(),
  literal: fc.constantFrom("kept", "not kept", "never kept"),
});
const sizes = fc.array(fc.constantFrom(0, 31, 33, 100, 1000, 4095, 4096), { maxLength: 2 });
const block = fc.record({ sizes, fields: fc.array(fc.tuple(field, style), { maxLength: 8 }) });

describe("a decoder of header blocks", () => {
  test("reads what any encoder writes, block after block", () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 8 }), (blocks) => {
        const encoder = new HpackEncoder();
        const decoder = new HpackDecoder();
        for (const { sizes, fields } of blocks) {
          const bytes = Buffer.concat([
            ...sizes.map((size) => encoder.resize(size)),
            ...fields.map(([field, style]) => encoder.field(field, style)),
          ]);
          expect(decodeWith(decoder, bytes)).toEqual(fields.map(([field]) => field));
        }
      }),
    );
  });

  test("reads the same bytes the same way as long as its version is the same", () => {
    const bytes = fc.uint8Array({ maxLength: 12 });
    fc.assert(
      fc.property(bytes, fc.array(bytes), (block, others) => {
        const decoder = new HpackDecoder();
        const attempt = (bytes: Uint8Array) => {
          try {
            return decodeWith(decoder, bytes);
          } catch {
            return undefined;
          }
        };
        const first = attempt(block);
        const { version } = decoder;
        for (const other of others) attempt(other);
        if (decoder.version === version) expect(attempt(block)).toEqual(first);
      }),
    );
  });

  test("throws nothing but its own error at random bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (blocks) => {
        const decoder = new HpackDecoder();
        for (const block of blocks) {
          try {
            decodeWith(decoder, block);
          } catch (error) {
            expect(error).toBeInstanceOf(CompressionError);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, number[]]>([
    ["index 0", [0x80]],
    ["an index beyond the static table if the dynamic one is empty", [0xbe]],
    ["the name of index 62 if there is none", [0x7e, 0x01, 0x61]],
    ["an index that does not end", [0xff, 0x80, 0x80]],
    ["an index of five octets and more", [0xff, 0x80, 0x80, 0x80, 0x80, 0x00]],
    ["an index of 2^31", hpackInteger(0x80, 0x7f, 2 ** 31)],
    ["an index of 2^53", hpackInteger(0x80, 0x7f, 2 ** 53)],
    ["a length of 2^28", [0x40, ...hpackInteger(0, 0x7f, 2 ** 28), 0x61]],
    ["a length of one too many", [0x40, 0x02, 0x61]],
    ["a name without a value", [0x40, 0x01, 0x61]],
    ["a table size after a field", [0x82, 0x20]],
    ["a table larger than was allowed", hpackInteger(0x20, 0x1f, 4097)],
    ["padding of the Huffman code that is not all ones", [0x04, 0x81, 0b00011_000]],
    ["padding of a whole octet", [0x04, 0x82, 0b00011_111, 0xff]],
    ["the end symbol of the Huffman code", [0x04, 0x84, 0xff, 0xff, 0xff, 0xfc]],
  ])("refuses %s", (_what, bytes) => {
    expect(() => decode(bytes)).toThrow(CompressionError);
  });

  test("takes the largest index and length that there may be for what they are", () => {
    expect(decode(hpackInteger(0x80, 0x7f, 61))).toEqual([["www-authenticate", ""]]);
    const long = "x".repeat(300);
    expect(decode([0x00, 1, 0x61, ...hpackInteger(0, 0x7f, 300), ...Buffer.from(long)])).toEqual([
      ["a", long],
    ]);
  });

  test("may be told any number of table sizes at the beginning of a block", () => {
    const sizes = Array.from({ length: 100 }, (_, n) => hpackInteger(0x20, 0x1f, n)).flat();
    expect(decode([...sizes, 0x82])).toEqual([[":method", "GET"]]);
  });
});

describe("a dynamic table", () => {
  test("holds the newest fields, as many as its size takes", () => {
    const change = fc.oneof(
      fc.record({ add: fc.integer({ min: 0, max: 200 }) }),
      fc.record({ resize: fc.integer({ min: 0, max: 400 }) }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
        const table = new DynamicTable(400);
        let capacity = 400;
        let model: number[] = [];
        for (const change of changes) {
          const { version } = table;
          if ("add" in change) {
            table.add(headerField("", "v".repeat(change.add)));
            model.unshift(change.add);
          } else {
            capacity = change.resize;
            table.resize(capacity);
          }
          expect(table.version).not.toBe(version);
          let room = capacity;
          model = model.filter((length) => {
            room -= length + 32;
            return room >= 0;
          });
          expect(model.map((_, index) => table.at(index)?.value.length)).toEqual(model);
          expect(table.at(model.length)).toBeUndefined();
        }
      }),
    );
  });
});

describe("the Huffman code", () => {
  test("gives back any text", () => {
    fc.assert(
      fc.property(latin1, (text) => {
        const code = Uint8Array.from(huffmanCode(text));
        expect(decodeHuffman(code, 0, code.length)).toBe(text);
      }),
    );
    const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
    const code = Uint8Array.from(huffmanCode(all));
    expect(decodeHuffman(code, 0, code.length)).toBe(all);
    // The longest that a number of bytes can have: five bits a character.
    const long = "a".repeat(8_000);
    const longCode = Uint8Array.from(huffmanCode(long));
    expect([longCode.length, decodeHuffman(longCode, 0, longCode.length)]).toEqual([5_000, long]);
  });

  test("has one form of each text: what is read is what would be written", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        const text = decodeHuffman(bytes, 0, bytes.length);
        if (text !== undefined) expect(huffmanCode(text)).toEqual([...bytes]);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("an encoder", () => {
  const name = fc.constantFrom(":status", "content-type", "grpc-status", "x-any", "set-cookie");
  const value = fc.oneof(
    latin1,
    fc.constantFrom(
      "200",
      "204",
      "404",
      "500",
      "302",
      "x".repeat(126),
      "y".repeat(127),
      "z".repeat(40_000),
    ),
  );

  test("writes what a decoder reads, whatever the state of its tables", () => {
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(value, fc.array(value))), (fields) => {
        const expected = Object.entries(fields).flatMap(([name, value]) =>
          [value].flat().map((one): Field => [name, one]),
        );
        const decoder = new HpackDecoder();
        decodeWith(decoder, hex("400a637573746f6d2d6b65790d637573746f6d2d686561646572"));
        const { version } = decoder;
        expect(decodeWith(decoder, encodeBlock(fields))).toEqual(expected);
        expect(decoder.version).toBe(version);
      }),
    );
  });
});
