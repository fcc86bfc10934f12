import { describe, expect, test } from "bun:test";
import type { Json, JsonObject } from "../../../src/core/json.ts";
import type { ErrorCode, Outcome, Reason } from "../../../src/evaluation/outcomes.ts";
import { prepareFlag } from "../../../src/evaluation/prepare.ts";
import { define, type Parts, prepare, second } from "./definitions.ts";

function answer(parts: Parts, context: Record<string, Json> = {}): Partial<Outcome> {
  const { reason, errorCode, variant, value } = prepare(parts).evaluate(context);
  return { reason, errorCode, variant, value };
}

const success = (reason: Reason, variant?: string, value?: Json): Partial<Outcome> => ({
  reason,
  errorCode: undefined,
  variant,
  value,
});
const error = (errorCode: ErrorCode): Partial<Outcome> => ({
  reason: "ERROR",
  errorCode,
  variant: undefined,
  value: undefined,
});
const none = { defaultVariant: undefined };

describe("without targeting", () => {
  test.each([undefined, null, {}] as (Json | undefined)[])(
    "%j is the default, STATIC",
    (targeting) => {
      const parts = targeting === undefined ? {} : { targeting };
      expect(answer(parts)).toEqual(success("STATIC", "off", false));
      expect(answer({ ...parts, ...none })).toEqual(success("DEFAULT"));
    },
  );

  test("a disabled flag has no variant and its targeting does not run", () => {
    expect(answer({ state: "DISABLED", targeting: { bogus: 1 } })).toEqual(success("DISABLED"));
  });

  test.each(["", "disabled", "FOO"])("the state %j counts as enabled", (state) => {
    expect(answer({ state })).toEqual(success("STATIC", "off", false));
  });

  test("there is one answer, known beforehand", () => {
    const flag = prepare({});
    expect(flag.fixed).toBeDefined();
    expect(flag.evaluate({})).toBe(flag.fixed as NonNullable<typeof flag.fixed>);
    expect(prepare({ targeting: "on" }).fixed).toBeUndefined();
  });
});

describe("targeting", () => {
  test.each([
    ["on", success("TARGETING_MATCH", "on", true)],
    [{ if: [true, "off"] }, success("TARGETING_MATCH", "off", false)],
    [{ if: [false, "on"] }, success("DEFAULT", "off", false)],
    [{ and: [] }, success("DEFAULT", "off", false)],
    [true, error("GENERAL")],
    [5, error("GENERAL")],
    [["on"], error("GENERAL")],
    [{ a: 1, b: 2 }, error("GENERAL")],
    [{ bogus: [1] }, error("PARSE_ERROR")],
    [{ $ref: "nope" }, error("PARSE_ERROR")],
    [{ "/": [1, 0] }, error("PARSE_ERROR")],
    [{ map: [[1], { "/": [0, 0] }] }, error("PARSE_ERROR")],
    [{ if: [{ "<": [1, { "/": [1, 0] }] }, "on"] }, success("TARGETING_MATCH", "on", true)],
  ] as [Json, Partial<Outcome>][])("%j", (targeting, expected) => {
    expect(answer({ targeting })).toEqual(expected);
  });

  test("without default variant: a hit is a hit, no hit is the caller's default", () => {
    expect(answer({ ...none, targeting: "on" })).toEqual(success("TARGETING_MATCH", "on", true));
    expect(answer({ ...none, targeting: { if: [false, "on"] } })).toEqual(success("DEFAULT"));
  });

  test("a boolean names the variant true or false", () => {
    const variants = { true: "yes", false: "no" };
    const targeting = { "==": [{ var: "x" }, 1] };
    const of = (x: Json) => answer({ variants, targeting, ...none }, { x }).value;
    expect([of(1), of(2)]).toEqual(["yes", "no"]);
  });

  test.each(["1", "1.5", "null", "", " a ", "[a]", "{a:1,b:2}", "a<b>&", "a\tb", "a\\b", "é日"])(
    "the variant %j is found by a result of its name",
    (name) => {
      const results: JsonObject = {
        "1": 1,
        "1.5": 1.5,
        "[a]": ["a"],
        "{a:1,b:2}": { b: 2, a: 1 },
        "a\\b": 'a"b',
      };
      const found = answer({ variants: { [name]: 7 }, ...none, targeting: results[name] ?? name });
      expect(found).toEqual(success("TARGETING_MATCH", name, 7));
    },
  );

  test("a result with a quote or a backslash is not the variant of that very name", () => {
    for (const name of ['a"b', "a\\b"])
      expect(answer({ variants: { [name]: 7 }, ...none, targeting: name })).toEqual(
        error("GENERAL"),
      );
  });

  test("a null variant is a value", () => {
    expect(answer({ variants: { on: null }, ...none, targeting: "on" })).toEqual(
      success("TARGETING_MATCH", "on", null),
    );
  });

  test("the same answer is the same object every time", () => {
    const flag = prepare({ targeting: { if: [{ var: "x" }, "on"] } });
    expect(flag.evaluate({ x: 1 })).toBe(flag.evaluate({ x: 2 }));
    expect(flag.evaluate({})).toBe(flag.evaluate({ y: 1 }));
  });
});

describe("$flagd", () => {
  const variants = { f: 1, [second]: 2, mine: 3 };

  test("has the flag key and Unix seconds, whatever the client sent", () => {
    const of = (path: string) =>
      answer({ variants, ...none, targeting: { var: path } }, { $flagd: "mine" });
    expect(of("$flagd.flagKey")).toEqual(success("TARGETING_MATCH", "f", 1));
    expect(of("$flagd.timestamp")).toEqual(success("TARGETING_MATCH", `${second}`, 2));
  });

  test.each([
    { var: { cat: ["$flagd.", "flagKey"] } },
    { if: [{ missing: ["$flagd.flagKey"] }, "mine", "f"] },
    { if: [{ missing: { var: "keys" } }, "mine", "f"] },
    { if: [{ missing_some: [1, ["$flagd.flagKey"]] }, "mine", "f"] },
    { reduce: [["f"], { var: "current" }, { var: "$flagd" }] },
    { if: [{ in: ["f", { map: [[1], { var: "$flagd.flagKey" }] }] }, "mine", "f"] },
  ] as Json[])("is there for %j", (targeting) => {
    expect(answer({ variants, ...none, targeting }, { keys: ["$flagd.flagKey"] }).variant).toBe(
      "f",
    );
  });

  test("is set only if the rule can see it", () => {
    const written = (targeting: Json) => {
      const context: Record<string, Json> = { x: 1, list: [1] };
      prepare({ targeting }).evaluate(context);
      return "$flagd" in context;
    };
    expect(written({ var: "$flagd" })).toBe(true);
    expect(written({ var: "" })).toBe(true);
    expect(written({ if: [{ "==": [{ var: "x" }, 1] }, "on"] })).toBe(false);
    expect(written({ some: [{ var: "list" }, { "==": [{ var: "" }, 1] }] })).toBe(false);
    expect(written({ fractional: [["on", 1]] })).toBe(false);
  });
});

describe("metadata", () => {
  const metadata = { z: 1, gone: null, a: { b: [] }, "\u{1f600}": 1, "\uffff": 1 };

  test("has no null values and is in byte order of the keys", () => {
    const { metadata: shown } = prepare({ metadata }).evaluate({});
    expect(JSON.stringify(shown)).toBe('{"a":{"b":[]},"z":1,"\uffff":1,"\u{1f600}":1}');
  });

  test("every answer carries it, errors too", () => {
    for (const targeting of ["on", "nope", { bogus: 1 }, { var: "x" }])
      expect(prepare({ metadata: { a: 1 }, targeting }).evaluate({}).metadata).toEqual({ a: 1 });
  });

  test("a reflection lies beneath it", () => {
    for (const targeting of ["on", {}]) {
      const flag = prepare({ metadata: { team: "core", source: null }, targeting });
      const reflected = flag.reflecting({ source: "redis" });
      expect(reflected.evaluate({}).metadata).toEqual({ source: "redis", team: "core" });
      expect({ ...reflected.evaluate({}), metadata: {} }).toEqual({
        ...flag.evaluate({}),
        metadata: {},
      });
      expect(reflected.reflecting({ source: "file" }).evaluate({}).metadata.source).toBe("file");
      expect(reflected.definition).toBe(flag.definition);
    }
    const disabled = prepare({ state: "DISABLED" }).reflecting({ source: "redis" });
    expect(disabled.fixed).toMatchObject({ reason: "DISABLED", metadata: { source: "redis" } });
  });

  test("a flag that hides the whole reflection stays itself", () => {
    const flag = prepare({ metadata: { flagSetId: "s" } });
    expect(flag.reflecting({ flagSetId: "s" })).toBe(flag);
    expect(flag.reflecting({})).toBe(flag);
  });
});

describe("what is reported", () => {
  const reported = (targeting: Json, context: Record<string, Json> = {}) => {
    const reports: string[][] = [];
    prepare({ targeting }, reports).evaluate(context);
    return reports;
  };

  test("why targeting failed, to those who debug", () => {
    expect(reported({ bogus: 1 })).toEqual([
      ["debug", "f", 'error applying targeting rules: The operator "bogus" is not supported'],
    ]);
  });

  test("which variant there is not, cut if it is long", () => {
    expect(reported({ var: "x" }, { x: "nope" })).toEqual([
      ["debug", "f", "invalid or missing variant: nope for flagKey: f, variant is not valid"],
    ]);
    const [long] = reported({ var: "x" }, { x: "n".repeat(100_000) });
    expect(long?.[2]?.length).toBeLessThan(300);
  });

  test("what an operation could not use", () => {
    expect(reported({ starts_with: [1, "a"] })).toEqual([
      ["error", "f", expect.stringContaining("property did not resolve to a string value")],
    ]);
  });
});

describe("evaluate never throws", () => {
  const nest = (depth: number, wrap: (inner: Json) => Json): Json => {
    let value: Json = 1;
    for (let i = 0; i < depth; i++) value = wrap(value);
    return value;
  };

  test("for a rule nested beyond the stack", () => {
    const flag = prepareFlag(define({ targeting: nest(200_000, (inner) => ({ "!": [inner] })) }), {
      now: Date.now,
      fractional: "v2",
      report: () => {},
    });
    expect(flag.evaluate({}).errorCode).toBe("PARSE_ERROR");
  });

  test("for data nested beyond the stack", () => {
    const deep = nest(200_000, (inner) => [inner]);
    for (const targeting of [
      { var: "deep" },
      { cat: { var: "deep" } },
      { "==": [{ var: "deep" }, 1] },
    ])
      expect(answer({ targeting }, { deep })).toEqual(error("PARSE_ERROR"));
  });

  test("for data that will not be converted", () => {
    const odd = JSON.parse('{"toString":1,"valueOf":2}');
    for (const operator of ["cat", "+", "-", "<", "var", "max"])
      expect(answer({ targeting: { [operator]: [{ var: "odd" }, 1] } }, { odd })).toEqual(
        error("PARSE_ERROR"),
      );
  });
});
