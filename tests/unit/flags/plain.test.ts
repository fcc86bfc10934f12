import { expect, test } from "bun:test";
import fc from "fast-check";
import { FindingList } from "../../../src/flags/findings.ts";
import { deepest, isPlain, resolveReferences } from "../../../src/flags/references.ts";

/** Values as JSON.parse makes them, with what is not plain here and there. */
const { value: json } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, "text", 0, -1.5, 1e300, "1e999"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("a", "b", "$ref", "__proto__", "0"), tie("value"), {
      maxKeys: 4,
    }),
    fc.constant({ $ref: "known" }),
  ),
}));

const parsed = (value: unknown) => JSON.parse(JSON.stringify(value).replaceAll('"1e999"', "1e999"));

/** Shared objects are always walked through, and these documents have none. */
function resolve(document: Readonly<Record<string, unknown>>, sharing: boolean) {
  const findings = { problems: new FindingList(), warnings: new FindingList() };
  const { flags, metadata } = resolveReferences(document, findings, sharing);
  const { problems, warnings } = findings;
  return { flags, metadata, problems: problems.toArray(), warnings: warnings.toArray() };
}

test("a document is resolved to the same, plain or not", () => {
  fc.assert(
    fc.property(json, json, (flags, metadata) => {
      const document = parsed({ flags, metadata, $evaluators: { known: { var: "a" } } });
      expect(resolve(document, false)).toEqual(resolve(document, true));
    }),
  );
});

test("what is plain is nested no deeper than documents may be", () => {
  const nested = (levels: number) => parsed(JSON.parse("[".repeat(levels) + "]".repeat(levels)));
  expect(isPlain(nested(deepest), deepest)).toBeTrue();
  expect(isPlain(nested(deepest + 1), deepest)).toBeFalse();
  expect(resolve({ flags: nested(deepest) }, false).problems).toEqual([]);
  expect(resolve({ flags: nested(deepest + 1) }, false).problems).not.toEqual([]);
});

test.each([{ $ref: "a" }, [[{ $ref: 1 }]], { a: [Number.POSITIVE_INFINITY] }])(
  "%j is not plain",
  (value) => {
    expect(isPlain(value, deepest)).toBeFalse();
  },
);
