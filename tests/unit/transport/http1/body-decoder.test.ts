import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  BodyDecoder,
  MalformedBody,
  wholeBody,
} from "../../../../src/transport/http1/body-decoder.ts";
import { ReceivedBytes } from "../../../../src/transport/http1/received-bytes.ts";
import { maxChunkLineBytes, maxTrailerBytes } from "../../../../src/transport/limits.ts";

/** What is decoded of pieces, and what is left for the next request. */
function decode(body: number | "chunked", pieces: readonly string[]) {
  const received = new ReceivedBytes();
  const decoder = new BodyDecoder(body);
  let decoded = "";
  for (const piece of pieces) {
    received.append(Buffer.from(piece, "latin1"));
    for (;;) {
      const next = decoder.next(received);
      if (next === undefined) break;
      decoded += next.toString("latin1");
    }
  }
  return { decoded, complete: decoder.complete, left: received.text(received.length) };
}

const cut = (text: string, cuts: readonly number[]) => {
  const at = [0, ...cuts.map((n) => n % (text.length + 1)).toSorted((a, b) => a - b), text.length];
  return at.slice(1).map((end, i) => text.slice(at[i], end));
};

test("chunks, however they are cut, are the body, and what follows is left", () => {
  const chunk = fc
    .string({ minLength: 1, maxLength: 40 })
    .map((text) => text.replace(/[^ -~]/g, "x"));
  fc.assert(
    fc.property(fc.array(chunk), fc.array(fc.nat(500)), fc.boolean(), (chunks, cuts, trailers) => {
      const framed = chunks
        .map((text) => `${text.length.toString(16)};a=b\r\n${text}\r\n`)
        .join("");
      const end = `0\r\n${trailers ? "X-Sum: 1\r\nY:\r\n" : ""}\r\n`;
      const pieces = cut(`${framed}${end}GET`, cuts);
      expect(decode("chunked", pieces)).toEqual({
        decoded: chunks.join(""),
        complete: true,
        left: "GET",
      });
    }),
  );
});

test("a body of known length is that long", () => {
  expect(decode(4, ["ab", "cdGET"])).toEqual({ decoded: "abcd", complete: true, left: "GET" });
  expect(decode(4, ["ab"])).toEqual({ decoded: "ab", complete: false, left: "" });
  expect(decode(0, ["GET"])).toEqual({ decoded: "", complete: true, left: "GET" });
});

test.each([
  ["no size", "\r\n"],
  ["a size that is none", "zz\r\n"],
  ["a negative size", "-1\r\n"],
  ["a size with a prefix", "0x1\r\n"],
  ["a size with white space before it", " 1\r\n"],
  ["a size that no number holds", "123456789\r\n"],
  ["a chunk that is longer than it said", "1\r\nab\r\n"],
  ["a chunk that is shorter than it said", "2\r\na\r\n0\r\n\r\n"],
  ["a bare line feed in an extension", "1;a\nb\r\n"],
  ["an endless line", "1;".padEnd(maxChunkLineBytes + 2, "a")],
  ["a trailer that is no field", "0\r\nGET / HTTP/1.1\r\n"],
  ["a folded trailer", "0\r\nA: b\r\n c\r\n"],
  [
    "trailers without end",
    `0\r\n${`A: ${"b".repeat(1000)}\r\n`.repeat(maxTrailerBytes / 1000 + 1)}`,
  ],
])("%s is an error", (_what, text) => {
  expect(() => decode("chunked", [text])).toThrow(MalformedBody);
});

/** Of what was received, with what follows it. */
function wholeOf(body: number | "chunked", text: string) {
  const received = new ReceivedBytes();
  received.append(Buffer.from(text, "latin1"));
  const whole = wholeBody({ body }, received);
  expect(received.text(received.length)).toBe(text);
  return whole && [whole.bytes.toString("latin1"), whole.length];
}

test("a body that is whole is read where it is", () => {
  expect(wholeOf(0, "next")).toEqual(["", 0]);
  expect(wholeOf(3, "abcnext")).toEqual(["abc", 3]);
  expect(wholeOf("chunked", "3\r\nabc\r\n0\r\n\r\nnext")).toEqual(["abc", 13]);
  expect(wholeOf("chunked", "1\r\na\r\n2;x\r\nbc\r\n0\r\nT: x\r\n\r\n")).toEqual(["abc", 26]);
  expect(wholeOf("chunked", "0\r\n\r\n")).toEqual(["", 5]);
});

test.each<[string, number | "chunked", string]>([
  ["is not all there", 4, "abc"],
  ["has no last chunk", "chunked", "3\r\nabc\r\n"],
  ["has a last chunk without an end", "chunked", "3\r\nabc\r\n0\r\n"],
  ["breaks the rules", "chunked", "3\r\nabcd\r\n0\r\n\r\n"],
  ["is long", "chunked", `11000\r\n${"x".repeat(0x11000)}\r\n0\r\n\r\n`],
])("a body that %s is left to who has words for it", (_, body, text) => {
  expect(wholeOf(body, text)).toBeUndefined();
});
