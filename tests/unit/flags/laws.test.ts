import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { stringify } from "yaml";
import type { Json } from "../../../src/core/json.ts";
import { findSyntaxProblem } from "../../../src/core/json-syntax.ts";
import { compareBytes } from "../../../src/core/order.ts";
import { atOnce } from "../../../src/core/turns.ts";
import { checkTargeting } from "../../../src/evaluation/rule/check.ts";
import { canonicalFlag, canonicalJson } from "../../../src/flags/canonical.ts";
import { parseDocument } from "../../../src/flags/document.ts";

// Many runs of each law; a busy machine may be slow.
setDefaultTimeout(60_000);

const encoder = new TextEncoder();
const json = fc.jsonValue() as fc.Arbitrary<Json>;
const text = fc.string({ unit: "grapheme" });
const formats = fc.constantFrom("json" as const, "yaml" as const, "any" as const);

/** Documents that are right and wrong in places where it matters. */
const reference = fc.constantFrom("a", "b", "c").map(($ref) => ({ $ref }));
const rule = fc.oneof(json, reference, fc.tuple(json, reference));
const flag = fc.oneof(
  json,
  fc.record(
    {
      key: fc.oneof(text, json),
      state: fc.oneof(fc.constantFrom("ENABLED", "DISABLED"), json),
      variants: fc.oneof(fc.dictionary(text, json), json),
      defaultVariant: fc.oneof(text, json),
      targeting: rule,
      metadata: fc.oneof(fc.dictionary(text, json), json),
    },
    { requiredKeys: [] },
  ),
);
const document = fc.record(
  {
    flags: fc.oneof(fc.dictionary(text, flag), fc.array(flag), json),
    metadata: fc.oneof(fc.dictionary(text, json), json),
    $evaluators: fc.oneof(fc.dictionary(fc.constantFrom("a", "b", "c"), rule), json),
  },
  { requiredKeys: ["flags"] },
);

test("canonical JSON means the same and is its own canonical form", () => {
  fc.assert(
    fc.property(json, (value) => {
      const canonical = canonicalJson(value);
      expect(JSON.parse(canonical)).toEqual(value);
      expect(canonicalJson(JSON.parse(canonical))).toBe(canonical);
    }),
  );
});

test("canonical JSON does not depend on the order of members", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, json)), (pairs) => {
      const members = [...new Map(pairs)];
      expect(canonicalJson(Object.fromEntries(members))).toBe(
        canonicalJson(Object.fromEntries(members.reverse())),
      );
    }),
  );
});

test("strings are ordered as their UTF-8 bytes", () => {
  const any = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(any, any, (a, b) => {
      const bytes = Buffer.compare(encoder.encode(a), encoder.encode(b));
      expect(Math.sign(compareBytes(a, b))).toBe(bytes);
    }),
  );
});

test("no bytes make the reader throw, and what it rejects has a reason", () => {
  const start = fc.constantFrom("", '{"flags":', "flags:\n  a: ", "[", "\uFEFF");
  fc.assert(
    fc.property(start, fc.uint8Array(), formats, fc.boolean(), (prefix, tail, format, strict) => {
      const bytes = new Uint8Array([...encoder.encode(prefix), ...tail]);
      const parsed = parseDocument(bytes, { format, strict, checkTargeting });
      if (!parsed.ok) expect(parsed.problems).not.toBeEmpty();
    }),
  );
});

test("no JSON makes the reader throw, and strict accepts exactly what gives no warning", () => {
  fc.assert(
    fc.property(document, (value) => {
      const source = JSON.stringify(value);
      const lenient = parseDocument(source, { format: "json", strict: false, checkTargeting });
      const strict = parseDocument(source, { format: "json", strict: true, checkTargeting });
      expect(strict.ok).toBe(lenient.ok && atOnce(lenient.warnings()).length === 0);
      if (!lenient.ok) expect(lenient.problems).not.toBeEmpty();
    }),
    { numRuns: 300 },
  );
});

test("YAML and JSON of the same value define the same", () => {
  const read = (source: string, format: "json" | "yaml") => {
    const parsed = parseDocument(source, { format, strict: false, checkTargeting });
    return parsed.ok
      ? parsed.flagSet.flags.map((one) => `${one.key}: ${canonicalFlag(one, "s")}`).sort()
      : parsed.problems.map(({ path, reason }) => `${path}: ${reason}`).sort();
  };
  fc.assert(
    fc.property(document, (value) => {
      const plain = JSON.parse(JSON.stringify(value));
      const yaml = stringify(plain, {
        defaultKeyType: "QUOTE_DOUBLE",
        // Without quotes some strings are numbers to Go, and so here: 0_ is 0.
        defaultStringType: "QUOTE_DOUBLE",
        aliasDuplicateObjects: false,
      });
      expect(read(yaml, "yaml")).toEqual(read(JSON.stringify(plain), "json"));
    }),
    { numRuns: 50 },
  );
});

test("a syntax problem is found exactly where JSON.parse refuses", () => {
  const parses = (source: string) => {
    try {
      JSON.parse(source);
      return true;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(
      json,
      fc.nat(),
      fc.constantFrom("", ",", '"', "]", "}", "\\", "1", "e", "\n"),
      (value, at, patch) => {
        const whole = JSON.stringify(value, null, 1);
        const cut = at % (whole.length + 1);
        for (const source of [whole, whole.slice(0, cut) + patch + whole.slice(cut + 1)]) {
          expect(findSyntaxProblem(source) === undefined).toBe(parses(source));
        }
      },
    ),
    { numRuns: 500 },
  );
});
