import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ConnectionError, errorCode, flag } from "../../../../src/transport/http2/frames.ts";
import { HeaderBlocks } from "../../../../src/transport/http2/header-blocks.ts";
import { headerBlock } from "../../../support/raw-client.ts";

type Field = [name: string, value: string];

const get: Field[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
];

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

  test("that are repeated say something else if the table has changed since", () => {
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
