import { beforeEach, expect, test } from "bun:test";
import { HashDocument } from "../../../../src/sources/redis/hash-reader.ts";

const flag = (variant: string) =>
  `{"state":"ENABLED","variants":{"a":1,"b":2},"defaultVariant":"${variant}"}`;

let hash: HashDocument;
beforeEach(() => {
  hash = new HashDocument();
});

const flagsIn = (document: string) => JSON.parse(document).flags;

test("fields become flags, $evaluators and metadata members of the document", () => {
  const { document, problems } = hash.compose([
    ["$evaluators", '{"e":true}'],
    ["metadata", '{"team":"x"}'],
    ['a "quoted" one', flag("a")],
  ]);
  expect(problems).toEqual([]);
  expect(JSON.parse(document)).toEqual({
    flags: { 'a "quoted" one': JSON.parse(flag("a")) },
    $evaluators: { e: true },
    metadata: { team: "x" },
  });
});

test.each([
  ["no JSON", "{"],
  ["more than one value", `${flag("a")},"other":{}`],
  ["no flag", "[1]"],
  ["a default variant that is no variant", flag("c")],
])("a field that holds %s is missing at the start, with its path", (_, text) => {
  const { document, problems } = hash.compose([
    ["bad", text],
    ["good", flag("a")],
  ]);
  expect(Object.keys(flagsIn(document))).toEqual(["good"]);
  expect(problems[0]?.path).toStartWith("$.flags.bad");
});

test("a field that becomes wrong stays as it was, until it is good or gone", () => {
  hash.compose([["a", flag("a")]]);
  const wrong = hash.compose([["a", "{"]]);
  expect(flagsIn(wrong.document)).toEqual({ a: JSON.parse(flag("a")) });
  expect(wrong.problems).toEqual([{ path: "$.flags.a", reason: "the field is not valid JSON" }]);
  // Said each time: a rejection must not be forgotten because another flag has changed.
  expect(hash.compose([["a", "{"]]).problems).toHaveLength(1);
  expect(flagsIn(hash.compose([["a", flag("b")]]).document).a.defaultVariant).toBe("b");
  expect(flagsIn(hash.compose([]).document)).toEqual({});
  expect(flagsIn(hash.compose([["a", "{"]]).document)).toEqual({});
});
