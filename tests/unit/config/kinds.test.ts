import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { list, map, splitCommas } from "../../../src/config/kinds/collections.ts";
import { ValueError } from "../../../src/config/kinds/kind.ts";
import { boolean, oneOf, port } from "../../../src/config/kinds/scalars.ts";
import {
  duration,
  formatDuration,
  parseDuration,
  positiveDuration,
} from "../../../src/config/kinds/time.ts";
import { maxTimerMs } from "../../../src/core/clock.ts";
import { quoteUri } from "../../../src/core/message-text.ts";
import { nearest } from "../../../src/core/nearest.ts";

describe("durations", () => {
  test("of options are never longer than a timer waits", () => {
    for (const { fromText, fromFile } of [duration, positiveDuration]) {
      expect(fromText("575h")).toBe(2_070_000_000);
      expect([fromText("720h"), fromFile("720h")]).toEqual([maxTimerMs, maxTimerMs]);
    }
    expect(maxTimerMs).toBeLessThan(2 ** 31);
  });

  test.each<[string, number]>([
    ["0", 0],
    ["0s", 0],
    ["5s", 5000],
    ["500ms", 500],
    ["1m30s", 90_000],
    ["1h0m0s", 3_600_000],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["250us", 0.25],
    ["250µs", 0.25],
  ])("%s is %d ms", (text, ms) => expect(parseDuration(text)).toBeCloseTo(ms, 9));

  test.each<[string, string]>([
    ["5", 'missing unit in duration "5": write 5s, 5ms or 5m'],
    ["-5s", '"-5s" is negative'],
    ["", '"" is not a duration: expected numbers with units, such as 500ms, 5s or 1m30s'],
    ["5 s", '"5 s" is not a duration: expected numbers with units, such as 500ms, 5s or 1m30s'],
    ["5s5", '"5s5" is not a duration: expected numbers with units, such as 500ms, 5s or 1m30s'],
    ["1d", '"1d" is not a duration: expected numbers with units, such as 500ms, 5s or 1m30s'],
    ["9999999h", '"9999999h" is longer than 292 years'],
  ])("%j: %s", (text, message) => {
    expect(() => parseDuration(text)).toThrow(new ValueError(message));
  });

  test("every whole number of milliseconds reads back as it was shown", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});

describe("scalars", () => {
  test.each(["0", "8013", "65535"])("%s is a port", (text) =>
    expect(port.fromText(text)).toBe(Number(text)),
  );
  test.each(["-1", "65536", "70000", "abc", "", "1.5", "0x10", "1e3"])("%j is no port", (text) =>
    expect(() => port.fromText(text)).toThrow(
      `${JSON.stringify(text)} is not a whole number from 0 to 65535`,
    ),
  );
  test("a configuration file may hold a port as number or as text, and nothing else", () => {
    expect(port.fromFile(8013)).toBe(8013);
    expect(port.fromFile("8013")).toBe(8013);
    expect(() => port.fromFile([8013])).toThrow("expected a single value");
  });
  test.each(["1", "t", "T", "TRUE", "true", "True"])("%s is true", (text) =>
    expect(boolean.fromText(text)).toBe(true),
  );
  test.each(["0", "f", "F", "FALSE", "false", "False"])("%s is false", (text) =>
    expect(boolean.fromText(text)).toBe(false),
  );
  test.each(["maybe", "yes", ""])("%j is neither", (text) =>
    expect(() => boolean.fromText(text)).toThrow(
      `${JSON.stringify(text)} is neither true nor false`,
    ),
  );
  test("a word that is none of the possible ones is answered with the nearest", () => {
    expect(() => oneOf("console", "json").fromText("jsno")).toThrow(
      '"jsno" is not "console" or "json" (did you mean "json"?)',
    );
  });
});

describe("lists", () => {
  test.each<[string, string[]]>([
    ["", []],
    ["a", ["a"]],
    ["a,b", ["a", "b"]],
    ["a,,b", ["a", "", "b"]],
    ['"a,b",c', ["a,b", "c"]],
    ['"say ""hi""",c', ['say "hi"', "c"]],
  ])("command line %j", (text, expected) => expect(splitCommas(text)).toEqual(expected));

  test("fields without quotes and commas survive joining", () => {
    const field = fc.string().filter((text) => !/[",]/.test(text));
    fc.assert(
      fc.property(fc.array(field, { minLength: 1 }), (fields) => {
        fc.pre(fields.join(",") !== "");
        expect(splitCommas(fields.join(","))).toEqual(fields);
      }),
    );
  });

  test("the environment and a text in a file are split on white space, not on commas", () => {
    expect(list("uri").fromEnv?.(" file:a  file:b,c\n")).toEqual(["file:a", "file:b,c"]);
    expect(list("uri").fromFile("file:a,file:b")).toEqual(["file:a,file:b"]);
    expect(list("uri").fromFile(["file:a b"])).toEqual(["file:a b"]);
    expect(() => list("uri").fromFile([1])).toThrow("expected a list of strings");
  });
});

describe("maps", () => {
  const pairs = map("key=value");
  test.each<[string, [string, string][]]>([
    ["a=b", [["a", "b"]]],
    [
      "a=b,c=d",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    ["a=b,c", [["a", "b,c"]]],
    ["a=", [["a", ""]]],
    [
      '"a=b,c",d=e',
      [
        ["a", "b,c"],
        ["d", "e"],
      ],
    ],
  ])("command line %s", (text, expected) => expect([...pairs.fromText(text)]).toEqual(expected));

  test("the first = splits", () => {
    expect([...pairs.fromText("e=a=b")]).toEqual([["e", "a=b"]]);
  });
  test("a pair without = is named", () => {
    expect(() => pairs.fromText("foo")).toThrow('"foo" must be formatted as key=value');
  });
  test("the environment has a JSON object, whose scalars become texts", () => {
    expect([...(pairs.fromEnv?.('{"a":"b","n":1,"t":true}') ?? [])]).toEqual([
      ["a", "b"],
      ["n", "1"],
      ["t", "true"],
    ]);
    expect(() => pairs.fromEnv?.("a=b")).toThrow('expected a JSON object, like {"key":"value"}');
    expect(() => pairs.fromEnv?.("[]")).toThrow("expected an object with string values");
    expect(() => pairs.fromEnv?.('{"a":{}}')).toThrow('the value of "a" is not a string');
  });
});

describe("the nearest name", () => {
  const names = ["port", "sync-port", "log-format", "uri"];
  test.each<[string, string | undefined]>([
    ["prot", "port"],
    ["PORT", "port"],
    ["por", "port"],
    ["logformat", "log-format"],
    ["log", "log-format"],
    ["url", "uri"],
    ["zzzz", undefined],
    ["", undefined],
  ])("%j → %p", (word, expected) => expect(nearest(word, names)).toBe(expected));

  test("a name with one letter left out or doubled is found", () => {
    fc.assert(
      fc.property(fc.constantFrom("management-port", "log-format"), fc.nat(9), (name, at) => {
        expect(nearest(name.slice(0, at) + name.slice(at + 1), [...names, "management-port"])).toBe(
          name,
        );
        expect(nearest(name.slice(0, at + 1) + name.slice(at), [...names, "management-port"])).toBe(
          name,
        );
      }),
    );
  });
});

test.each<[string, string]>([
  ["reids://user:pw@host/0", '"reids://***@host/0"'],
  ["redis:/user:pw@host", '"***@host"'],
  ["user:p@w@host?key=secret", '"***@host?…"'],
  ["file.json", '"file.json"'],
])("%s is shown as %s", (uri, shown) => expect(quoteUri(uri)).toBe(shown));
