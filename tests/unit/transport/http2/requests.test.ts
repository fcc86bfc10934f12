import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ConnectionError, errorCode, flag } from "../../../../src/transport/http2/frames.ts";
import { HeaderBlocks } from "../../../../src/transport/http2/header-blocks.ts";
import { headerField } from "../../../../src/transport/http2/hpack/header-field.ts";
import { PastStreams } from "../../../../src/transport/http2/past-streams.ts";
import { type Received, RequestHeaders } from "../../../../src/transport/http2/request-headers.ts";
import { maxHeaderFields } from "../../../../src/transport/limits.ts";
import { headerBlock } from "../../../support/raw-client.ts";

type Field = [name: string, value: string];

const get: Field[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
];

function received(fields: readonly (readonly [string, string])[], maxBytes = 1_000_000): Received {
  const headers = new RequestHeaders(maxBytes);
  for (const [name, value] of fields) headers.add(headerField(name, value));
  return headers.received;
}

describe("the fields of a request", () => {
  test("become its headers, those of one name joined", () => {
    const fields = [
      ...get,
      ["cookie", "a=1"],
      ["x-a", "1"],
      ["cookie", "b=2"],
      ["x-a", ""],
    ] as const;
    expect(received(fields)).toEqual({
      kind: "request",
      headers: Object.assign(Object.create(null), {
        ...Object.fromEntries(get),
        cookie: "a=1; b=2",
        "x-a": "1, ",
      }),
      contentLength: undefined,
    });
  });

  test("may be named as members of objects are", () => {
    const { headers } = received([...get, ["__proto__", "x"], ["constructor", "y"]]) as {
      headers: Record<string, string>;
    };
    expect(Object.entries(headers).slice(3)).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
  });

  test.each<[string, [string, string][]]>([
    ["no method", get.slice(1)],
    ["an empty path", [...get.slice(0, 2), [":path", ""]]],
    ["two methods", [...get, [":method", "GET"]]],
    ["a pseudo-header after a regular one", [["x", "y"], ...get]],
    ["an unknown pseudo-header", [...get, [":protocol", "websocket"]]],
    ["a response's pseudo-header", [...get, [":status", "200"]]],
    ["a name in capitals", [...get, ["X-A", "1"]]],
    ["a name that is no token", [...get, ["x a", "1"]]],
    ["an empty name", [...get, ["", "1"]]],
    ["a line break", [...get, ["x", "1\r\ny: 2"]]],
    ["a zero byte in a pseudo-header", [...get, [":authority", "a\0b"]]],
    ["a connection field", [...get, ["connection", "close"]]],
    ["te other than trailers", [...get, ["te", "gzip"]]],
    ["a content-length that is no number", [...get, ["content-length", "1e3"]]],
    ["a negative content-length", [...get, ["content-length", "-1"]]],
    ["two content-lengths", [...get, ["content-length", "1"], ["content-length", "1"]]],
    ["an empty content-length", [...get, ["content-length", ""]]],
  ])("with %s are malformed", (_what, fields) => {
    expect(received(fields)).toEqual({ kind: "malformed" });
  });

  test("without pseudo-headers are trailers", () => {
    expect(received([])).toEqual({ kind: "trailers" });
    expect(received([["x", "y"]])).toEqual({ kind: "trailers" });
  });

  test("are too large as their sizes add up to more than the limit", () => {
    const size = get.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    expect(received(get, size).kind).toBe("request");
    expect(received(get, size - 1).kind).toBe("too large");
  });

  test("are too large when there are too many, and far too many end the connection", () => {
    const many = (count: number) => Array.from({ length: count }, (): Field => ["x", ""]);
    const most = maxHeaderFields - get.length;
    expect(received([...get, ...many(most)]).kind).toBe("request");
    expect(received([...get, ...many(most + 1)]).kind).toBe("too large");
    expect(received([...get, ...many(most + maxHeaderFields)]).kind).toBe("too large");
    const error = () => received([...get, ...many(most + maxHeaderFields + 1)]);
    expect(error).toThrow(
      new ConnectionError(errorCode.enhanceYourCalm, "too many fields in a header block"),
    );
  });

  test("tell how long the body is", () => {
    expect(received([...get, ["content-length", "007"]])).toMatchObject({ contentLength: 7 });
  });
});

describe("header blocks", () => {
  const whole = (blocks: HeaderBlocks, block: Buffer) =>
    blocks.begin(flag.endHeaders, 1, block, 0, block.length);
  const request = headerBlock(Object.fromEntries(get));

  test("may come in parts", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(request.length), { maxLength: 6 }), (cuts) => {
        const blocks = new HeaderBlocks(1000);
        const [first = 0, ...ends] = [...cuts.sort((a, b) => a - b), request.length];
        const last = ends.length - 1;
        let read = blocks.begin(ends.length > 0 ? 0 : flag.endHeaders, 1, request, 0, first);
        let start = first;
        ends.forEach((end, n) => {
          expect(read).toBeUndefined();
          expect(blocks.unfinished).toEqual({ stream: 1, flags: 0 });
          read = blocks.continue(n < last ? 0 : flag.endHeaders, request, start, end);
          start = end;
        });
        const expected = whole(new HeaderBlocks(1000), request);
        expect(read).toEqual(expected);
        expect(blocks.unfinished).toBeUndefined();
        // The next one starts anew.
        expect(whole(blocks, request)).toEqual(expected);
      }),
    );
  });

  test.each([
    ["large", Buffer.alloc(100)],
    ["empty", Buffer.alloc(0)],
  ])("of %s parts without an end are cut off", (_what, part) => {
    const blocks = new HeaderBlocks(1000);
    const endless = () => {
      blocks.begin(0, 1, part, 0, part.length);
      for (let n = 1; n < 200; n++) blocks.continue(0, part, 0, part.length);
    };
    expect(endless).toThrow(
      new ConnectionError(errorCode.enhanceYourCalm, "the header block exceeds the size limit"),
    );
  });

  test("that are repeated to the letter are not read again", () => {
    const blocks = new HeaderBlocks(1000);
    expect(whole(blocks, request)).toBe(whole(blocks, Buffer.from(request)));
  });

  test("that are repeated say something else where the table has changed since", () => {
    const blocks = new HeaderBlocks(1000);
    const keep = (value: string) => Buffer.from(`\x40\x01x\x01${value}`, "latin1");
    const use = Buffer.concat([request, Buffer.from([0xbe])]);
    for (const value of ["1", "2"]) {
      whole(blocks, keep(value));
      for (let n = 0; n < 2; n++) {
        expect(whole(blocks, use)).toMatchObject({ headers: { x: value } });
      }
    }
  });

  test("that cannot be decompressed end their connection", () => {
    const error = new ConnectionError(errorCode.compression, "an index outside of the tables");
    expect(() => whole(new HeaderBlocks(1000), Buffer.from([0x80]))).toThrow(error);
  });
});

describe("past streams", () => {
  test("may receive what was on its way until the client ends them", () => {
    const past = new PastStreams();
    past.add(3);
    expect([1, 3, 5].map((id) => past.mayReceive(id))).toEqual([false, true, false]);
    past.end(3);
    expect(past.mayReceive(3)).toBe(false);
  });

  test("of old are forgotten, and given the benefit of the doubt", () => {
    const past = new PastStreams();
    for (let id = 1; id < 4001; id += 2) past.add(id);
    expect([1, 1001, 3999].map((id) => past.mayReceive(id))).toEqual([true, true, true]);
    past.end(3999);
    expect(past.mayReceive(3999)).toBe(false);
    expect(past.mayReceive(4001)).toBe(false);
  });
});
