import { expect, test } from "bun:test";
import { layeredDocument } from "../../../../src/sources/redis/keys-reader.ts";

const layers = (...texts: string[]) =>
  JSON.parse(
    layeredDocument(
      texts.map((text, n) => ({ key: `k${n}`, text })),
      (key, reason) => {
        throw new Error(`${key}: ${reason}`);
      },
    ),
  );

test("later flags stand after earlier ones, each with its document's metadata", () => {
  const document = layers(
    '{"flags":{"a":{"state":"ENABLED","metadata":{"own":1}}},"metadata":{"from":"base","own":0}}',
    "flags:\n  a: {state: DISABLED}\n",
    '{"flags":[{"key":"b"}]}',
  );
  expect(document.flags).toEqual([
    { key: "a", state: "ENABLED", metadata: { from: "base", own: 1 } },
    { key: "a", state: "DISABLED", metadata: {} },
    { key: "b", metadata: {} },
  ]);
});

test("of evaluators of one name the later one counts", () => {
  const document = layers(
    '{"flags":{},"$evaluators":{"x":1,"y":1}}',
    '{"flags":{},"$evaluators":{"y":2}}',
  );
  expect(document.$evaluators).toEqual({ x: 1, y: 2 });
});

test.each([
  ["{", "k1: not valid JSON"],
  ["[]", 'k1: expected an object with the member "flags"'],
  ["{}", 'k1: expected an object with the member "flags"'],
])("%s is refused with its key", (text, reason) => {
  expect(() => layers('{"flags":{}}', text)).toThrow(reason);
});
