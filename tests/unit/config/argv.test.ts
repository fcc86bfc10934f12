import { describe, expect, test } from "bun:test";
import { parseArguments } from "../../../src/config/argv.ts";
import { startOptions } from "../../../src/config/options/start-options.ts";
import { ConfigError } from "../../../src/core/errors.ts";

const parse = (...args: string[]) => parseArguments(args, startOptions);

describe("what a command line gives", () => {
  test.each<[string[], Record<string, string[]>]>([
    [["--port", "1"], { port: ["1"] }],
    [["--port=1"], { port: ["1"] }],
    [["-p", "1"], { port: ["1"] }],
    [["-p1"], { port: ["1"] }],
    [["-p=1"], { port: ["1"] }],
    [["-p", "-1"], { port: ["-1"] }],
    [["-xp", "1"], { debug: ["true"], port: ["1"] }],
    [["-x=false"], { debug: ["false"] }],
    [["--debug"], { debug: ["true"] }],
    [["--debug=0"], { debug: ["0"] }],
    [["-f", "file:a", "--uri=file:b"], { uri: ["file:a", "file:b"] }],
    [["--uri", ""], { uri: [""] }],
    [["-X", "e=a=b"], { "context-value": ["e=a=b"] }],
    [["-d/run/flagd.sock"], { "socket-path": ["/run/flagd.sock"] }],
  ])("%j", (args, expected) => {
    expect(Object.fromEntries(parse(...args).options)).toEqual(expected);
  });

  test("words that are no options are kept apart, and everything after --", () => {
    const { positional, options } = parse("foo", "-p", "1", "-", "--", "--port", "2");
    expect(positional).toEqual(["foo", "-", "--port", "2"]);
    expect(options.get("port")).toEqual(["1"]);
  });

  test("a switch does not take the next word as its value", () => {
    const { options, positional } = parse("--strict", "false");
    expect(options.get("strict")).toEqual(["true"]);
    expect(positional).toEqual(["false"]);
  });

  test.each([["-h"], ["--help"], ["-xh"]])("%s asks for help", (arg) => {
    expect(parse(arg).help).toBe(true);
  });
});

describe("what a command line must not have", () => {
  test.each<[string[], string]>([
    [["--nosuch"], "unknown option --nosuch"],
    [["--prot", "1"], "unknown option --prot (did you mean --port?)"],
    [["--sycn-port=1"], "unknown option --sycn-port (did you mean --sync-port?)"],
    [["--metrics"], "unknown option --metrics (did you mean --metrics-exporter?)"],
    [["--toString"], "unknown option --toString"],
    [["--__proto__=1"], "unknown option --__proto__"],
    [["-q"], "unknown option -q"],
    [["-xq"], "unknown option -q in -xq"],
    [["-uri", "x"], "unknown option -u in -uri (did you mean --uri?)"],
    [["-p"], "-p needs a value: <[host:]port>"],
    [["--port"], "--port needs a value: <[host:]port>"],
  ])("%j: %s", (args, message) => {
    expect(() => parse(...args)).toThrow(new ConfigError(message));
  });
});

test("no two options share a short form, and h is left to help", () => {
  const letters = Object.values(startOptions).flatMap((option) =>
    "short" in option && option.short ? [option.short] : [],
  );
  expect(new Set(letters).size).toBe(letters.length);
  expect(letters).not.toContain("h");
});
