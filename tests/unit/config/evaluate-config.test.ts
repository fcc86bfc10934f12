import { describe, expect, test } from "bun:test";
import { readEvaluateConfig } from "../../../src/config/evaluate-config.ts";
import { contextMembers } from "../../../src/config/kinds/collections.ts";
import { time } from "../../../src/config/kinds/time.ts";
import type { Json } from "../../../src/core/json.ts";

const read = (...args: string[]) => readEvaluateConfig(args, {});

describe("-c", () => {
  test.each<[string, Json]>([
    ["plan=pro", { plan: "pro" }],
    ["age=30", { age: 30 }],
    ["beta=true", { beta: true }],
    ["email=null", { email: null }],
    ["version=1.10", { version: "1.10" }],
    ["version=1.5", { version: 1.5 }],
    ["code=007", { code: "007" }],
    ["id=12345678901234567890", { id: "12345678901234567890" }],
    ['id="42"', { id: "42" }],
    ['groups=["a","b"]', { groups: ["a", "b"] }],
    ["a=b=c", { a: "b=c" }],
    ["empty=", { empty: "" }],
    ["user.email=a@x", { user: { email: "a@x" } }],
    ['{"a":1,"b":{"c":2}}', { a: 1, b: { c: 2 } }],
  ])("%s", (text, expected) => expect(contextMembers.fromText(text)).toEqual(expected as never));

  test("__proto__ is a member like any other", () => {
    expect(Object.keys(contextMembers.fromText("__proto__=1"))).toEqual(["__proto__"]);
  });

  test.each(["plan", "=x", '{"a":', "{a:1}"])("%s is refused", (text) => {
    expect(() => contextMembers.fromText(text)).toThrow();
  });

  test("several are one context, the later one first, within objects too", async () => {
    const config = await read(
      "f",
      "x.json",
      "-c",
      "a=1",
      "-c",
      '{"a":2,"u":{"x":1}}',
      "-c",
      "u.y=2",
    );
    expect(config?.context).toEqual({ a: 2, u: { x: 1, y: 2 } });
  });
});

test.each([
  ["1700000000", 1_700_000_000_000],
  ["2026-03-01T09:00:00Z", Date.UTC(2026, 2, 1, 9)],
  ["2026-03-01", Date.UTC(2026, 2, 1)],
])("--at %s", (text, expected) => expect(time.fromText(text)).toBe(expected));

test.each(["tomorrow", "12:00", "1.5", ""])("--at %s is refused", (text) => {
  expect(() => time.fromText(text)).toThrow();
});

describe("flags come", () => {
  test("from sources", async () => {
    expect((await read("f", "a.json", "redis://h/0?key=f"))?.flags).toMatchObject({
      sources: [
        { provider: "file", uri: "a.json" },
        { provider: "redis", uri: "redis://h/0?key=f" },
      ],
    });
  });

  test("from standard input", async () => {
    expect((await read("f", "-"))?.flags).toEqual({ sources: ["-"] });
  });

  test.each([
    ["localhost:8014", "http://localhost:8014/"],
    [":8014", "http://localhost:8014/"],
    ["[::1]:8014", "http://[::1]:8014/"],
  ])("from the daemon at %s", async (addr, url) => {
    const flags = (await read("f", "--addr", addr))?.flags;
    expect(flags && "daemon" in flags && flags.daemon.url.href).toBe(url);
  });

  test("with a password of the environment for Redis", async () => {
    const config = await readEvaluateConfig(["f", "redis://h/0?key=f"], {
      FLAGD_REDIS_PASSWORD: "secret",
    });
    expect(config?.flags).toMatchObject({ sources: [{ password: "secret" }] });
  });
});

describe("what makes no sense is refused with what to do", () => {
  test.each([
    [[], "no flag: name its key, or --all"],
    [["f"], "no SOURCE: name a file, a URI, or a daemon, as in flagd evaluate f flags.json"],
    [["--all"], "no SOURCE"],
    [["f", "a.json", "--addr", "h:1"], "--addr and a SOURCE do not go together"],
    [["f", "--addr", "h"], '--addr: "h" is not host:port'],
    [["f", "--addr", "h:1", "-e"], "grpc://localhost:8015"],
    [["--all", "a.json", "-e"], "--all and --explain do not go together"],
    [["--all", "a.json", "-n", "5"], "--all and --simulate"],
    [["f", "a.json", "-n", "5", "--keys", "k"], "--simulate and --keys"],
    [["f", "a.json", "-n", "0"], "invalid value for --simulate"],
    [["f", "a.json", "--against", "b.json"], "--against needs --simulate or --keys"],
    [["f", "-", "-w"], "--watch and standard input"],
    [["f", "nope://x"], "is no URI of a source"],
  ] as [string[], string][])("%j", (args, message) => {
    expect(read(...args)).rejects.toThrow(message);
  });
});

test("undefined if help was asked for", async () => {
  expect(await read("-h")).toBeUndefined();
});
