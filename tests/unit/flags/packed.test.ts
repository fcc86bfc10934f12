import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import type { Json } from "../../../src/core/json.ts";
import { atOnce } from "../../../src/core/turns.ts";
import { checkTargeting } from "../../../src/evaluation/rule/check.ts";
import { canonicalFlag } from "../../../src/flags/canonical.ts";
import { parseDocument } from "../../../src/flags/document.ts";
import type { FlagDefinition } from "../../../src/flags/model.ts";
import { compareFlags, pack, unpack } from "../../../src/flags/packed.ts";
import { read } from "../../../src/sources/thread/run-source-thread.ts";

setDefaultTimeout(60_000);

const json = fc.oneof(fc.jsonValue() as fc.Arbitrary<Json>, fc.constant<Json>(-0));
const name = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("10", "9", "__proto__"));
const flag = fc.record(
  {
    key: name,
    state: fc.constantFrom("ENABLED", "DISABLED", "", "\ud800"),
    variants: fc.oneof(fc.dictionary(name, json), fc.constant(null)),
    defaultVariant: fc.oneof({ weight: 9, arbitrary: fc.constant("") }, name),
    targeting: json,
    metadata: fc.oneof(
      fc.dictionary(name, json),
      fc.record({ flagSetId: fc.constantFrom("", "a", "b", "\u{1F600}") }),
    ),
  },
  { requiredKeys: [] },
);
const documents = fc
  .record(
    {
      flags: fc.oneof(
        fc.dictionary(name, flag),
        fc.array(
          flag.map((one) => ({ key: "same", ...one })),
          { maxLength: 20 },
        ),
      ),
      metadata: fc.dictionary(name, json),
    },
    { requiredKeys: ["flags"] },
  )
  // JSON.stringify would write -0 as 0.
  .map((value) => JSON.stringify(value, (_, v) => (Object.is(v, -0) ? "<-0>" : v)))
  .map((text) => text.replaceAll('"<-0>"', "-0"));

/** Metadata without members are as good as none. */
function plain({ metadata, ...others }: FlagDefinition): FlagDefinition {
  const some = metadata !== undefined && Object.keys(metadata).length > 0;
  return { ...others, metadata: some ? metadata : undefined };
}

test("what is packed defines the same when it is read again, in byte order", () => {
  fc.assert(
    fc.property(documents, (document) => {
      const parsed = parseDocument(document, { format: "json", strict: false, checkTargeting });
      if (!parsed.ok) return;
      const packed = pack(parsed.flagSet, "s");
      const flags = [...unpack(packed)];
      const expected = parsed.flagSet.flags.toSorted(compareFlags).map(plain);
      expect(flags.map((flag) => atOnce(flag.definition()))).toEqual(expected);
      expect(flags.map((flag) => flag.key)).toEqual(expected.map(({ key }) => key));
      expect(flags.map((flag) => flag.flagSetId)).toEqual(
        expected.map(({ flagSetId }) => flagSetId),
      );
      expect(flags.map((flag) => flag.text)).toEqual(
        expected.map((flag) => canonicalFlag(flag, "s")),
      );
      expect(packed.flagSetId).toBe(parsed.flagSet.flagSetId);
    }),
    { numRuns: 500 },
  );
});

test("a document that another thread reads has the same problems and warnings", () => {
  fc.assert(
    fc.property(
      fc.oneof(documents, fc.json(), fc.string()),
      fc.boolean(),
      fc.constantFrom("json", "any"),
      (document, strict, format) => {
        const here = parseDocument(document, { format, strict, checkTargeting });
        const { reading, warnings } = read({ document, format }, { strict, source: "s" });
        expect(reading.ok).toBe(here.ok);
        expect(warnings()).toEqual(here.ok ? atOnce(here.warnings()) : []);
        if (!here.ok && !reading.ok) expect(reading.problems).toEqual(here.problems);
      },
    ),
  );
});

test("flags are equal exactly where their texts are", () => {
  const set = (revision: string) =>
    pack(
      {
        flags: ["a", "bb", "c"].map((key) => ({
          key,
          state: key === "bb" ? revision : "ENABLED",
          variants: undefined,
          defaultVariant: undefined,
          targeting: undefined,
          metadata: undefined,
          flagSetId: undefined,
        })),
        flagSetId: undefined,
      },
      "s",
    );
  const [one, two] = [[...unpack(set("ENABLED"))], [...unpack(set("DISABLED"))]];
  for (const a of [...one, ...two]) {
    for (const b of [...one, ...two]) expect(a.equals(b)).toBe(a.text === b.text);
  }
});

test("nothing packed is nothing", () => {
  expect([...unpack(pack({ flags: [], flagSetId: "x" }, "s"))]).toEqual([]);
});
