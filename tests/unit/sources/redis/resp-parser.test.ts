import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RespError, RespParser, RespPush } from "../../../../src/sources/redis/resp-parser.ts";

const read = (text: string) => new RespParser().read(Buffer.from(text));

describe("values", () => {
  test.each([
    ["+OK\r\n", "OK"],
    [":-7\r\n", -7],
    [",1.5\r\n", 1.5],
    ["#t\r\n", true],
    ["_\r\n", null],
    ["$-1\r\n", null],
    ["*-1\r\n", []],
    ["$5\r\nhé\r\n\r\n", "hé\r\n"],
    ["=7\r\ntxt:abc\r\n", "abc"],
    ["(123456789012345678901234567890\r\n", "123456789012345678901234567890"],
    ["*2\r\n:1\r\n~1\r\n+a\r\n", [1, ["a"]]],
    ["%1\r\n+a\r\n*1\r\n:1\r\n", new Map([["a", [1]]])],
  ])("%j", (text, value) => {
    expect(read(text)).toEqual([value]);
  });

  test("errors and pushes are told from other values", () => {
    const [error, long, push] = read(
      "-ERR no\r\n!6\r\nERR no\r\n>2\r\n+invalidate\r\n*1\r\n+k\r\n",
    );
    expect(error).toEqual(new RespError("ERR no"));
    expect(long).toEqual(new RespError("ERR no"));
    expect(push).toEqual(new RespPush(["invalidate", ["k"]]));
  });

  test("are the same however they are cut into pieces", () => {
    const whole = Buffer.from(
      "%2\r\n+a\r\n$2\r\nxy\r\n$1\r\nb\r\n*2\r\n:1\r\n_\r\n>1\r\n+p\r\n-E x\r\n:3\r\n",
    );
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length), { maxLength: 8 }), (cuts) => {
        const parser = new RespParser();
        const ends = [...cuts.sort((a, b) => a - b), whole.length];
        let start = 0;
        const values = ends.flatMap((end) => {
          const read = parser.read(whole.subarray(start, end));
          start = end;
          return read;
        });
        expect(values).toEqual(new RespParser().read(whole));
      }),
    );
  });
});

test.each([
  ["HTTP/1.1 400 Bad Request\r\n", "not in the Redis protocol"],
  ["$x\r\n", "not in the Redis protocol"],
  ["*1\r\n>1\r\n+p\r\n", "not in the Redis protocol"],
  ["*1\r\n".repeat(20), "nested too deep"],
])("%j is refused", (text, reason) => {
  expect(() => read(text)).toThrow(reason);
});

test("an answer without end is refused", () => {
  const parser = new RespParser();
  expect(() => {
    for (let n = 0; n < 20; n++) parser.read(Buffer.alloc(100_000, "x"));
  }).toThrow("too large");
});
