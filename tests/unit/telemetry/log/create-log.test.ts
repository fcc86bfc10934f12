import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { LogLevel } from "../../../../src/core/log.ts";
import { redact } from "../../../../src/core/message-text.ts";
import { createLog } from "../../../../src/telemetry/log/create-log.ts";

function capture(options: { format: "console" | "json"; level?: LogLevel; color?: boolean }) {
  const lines: string[] = [];
  const stream = { write: (text: string) => lines.push(text) };
  return { lines, log: createLog({ level: "info", ...options, stream }) };
}

describe("JSON log", () => {
  test("has level, ts, msg, then the fields, one object a line", () => {
    const { lines, log } = capture({ format: "json" });
    log.with({ component: "start" }).info("ready", { port: 8013 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toEndWith("}\n");
    const entry = JSON.parse(lines[0] ?? "");
    expect(Object.keys(entry)).toEqual(["level", "ts", "msg", "component", "port"]);
    expect(entry).toMatchObject({ level: "info", msg: "ready", component: "start", port: 8013 });
    expect(new Date(entry.ts).toISOString()).toBe(entry.ts);
  });

  test("prints any message and field as one valid line, and never throws", () => {
    const { lines, log } = capture({ format: "json" });
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.dictionary(fc.string(), fc.anything()),
        (m, f) => {
          lines.length = 0;
          log.error(m, f);
          expect(lines).toHaveLength(1);
          expect(lines[0]?.trimEnd()).not.toContain("\n");
          expect(JSON.parse(lines[0] ?? "").level).toBe("error");
        },
      ),
    );
  });

  test("fields do not replace level, ts or msg", () => {
    const { lines, log } = capture({ format: "json" });
    log.warn("real", { level: "debug", msg: "forged", ts: "never" });
    const entry = JSON.parse(lines[0] ?? "");
    expect(entry.level).toBe("warn");
    expect(entry.msg).toBe("real");
    expect(entry.ts).not.toBe("never");
  });

  test("survives values that JSON cannot hold", () => {
    const { lines, log } = capture({ format: "json" });
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    log.info("a", { loop });
    log.info("b", { big: 10n, error: new Error("broken pipe"), nothing: undefined });
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({ big: "10", error: "broken pipe" });
  });
});

describe("console log", () => {
  test("is one readable line without tabs or colour when not on a terminal", () => {
    const { lines, log } = capture({ format: "console" });
    log.warn("flags kept", { source: "redis://localhost:6379/0", reason: "it is gone", n: 3 });
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]{12}Z WARN {2}flags kept {2}source=redis:\/\/localhost:6379\/0 reason="it is gone" n=3\n$/,
    );
  });

  test("is coloured on request", () => {
    const { lines, log } = capture({ format: "console", color: true });
    log.error("no");
    expect(lines[0]).toContain("\x1b[31mERROR\x1b[0m no");
  });

  test("text from outside cannot forge an entry or steer the terminal", () => {
    const { lines, log } = capture({ format: "console" });
    log.info("key: a\n2026-01-01T00:00:00.000Z FATAL gone\x1b[2J\r", { key: "b\nc\x1b" });
    expect(lines[0]).toContain("\n  2026-01-01");
    expect(lines[0]?.split("\n")).toHaveLength(3);
    expect(lines[0]).not.toContain("\x1b");
    expect(lines[0]).not.toContain("\r");
  });
});

describe.each(["console", "json"] as const)("%s log", (format) => {
  test("escapes what steers a terminal or turns the order of what it shows", () => {
    const { lines, log } = capture({ format });
    const text = "a\x7f\x9b2J\u202eb\u2066c\u2028d";
    log.warn(text, { key: text, nested: { [text]: [text] }, error: new Error(text) });
    expect(lines[0]).not.toMatch(/[^\P{Cc}\n]|[\p{Bidi_Control}\u2028]/u);
    expect(lines[0]).toContain("\\u202eb\\u2066c");
    if (format === "json") {
      expect(JSON.parse(lines[0] ?? "")).toMatchObject({ msg: text, key: text, error: text });
    }
  });

  test("prints debug entries only in debug mode", () => {
    const quiet = capture({ format });
    quiet.log.debug("x");
    expect(quiet.log.debugging).toBe(false);
    expect(quiet.lines).toEqual([]);
    const chatty = capture({ format, level: "debug" });
    chatty.log.with({ a: 1 }).debug("x");
    expect(chatty.log.with({ a: 1 }).debugging).toBe(true);
    expect(chatty.lines).toHaveLength(1);
  });

  test("repeated entries are all printed, at once", () => {
    const { lines, log } = capture({ format });
    for (let i = 0; i < 20; i++) log.info("same");
    expect(lines).toHaveLength(20);
  });

  test("a stream that throws does not disturb the caller", () => {
    const write = () => {
      throw new Error("EPIPE");
    };
    const log = createLog({ format, level: "debug", stream: { write } });
    expect(() => log.fatal("x")).not.toThrow();
  });

  test("prints no password, wherever it is", () => {
    const { lines, log } = capture({ format });
    log.error("cannot reach redis://:hunter2@host/0", {
      uri: "rediss://user:hunter2@host",
      nested: { list: ["redis://hunter2@host"] },
      error: new Error("at redis://a:hunter2@host failed"),
      clientSecret: "hunter2",
      headers: { Authorization: "hunter2" },
    });
    expect(lines[0]).not.toContain("hunter2");
    expect(lines[0]).toContain("redis://***@host/0");
  });
});

test("a very long string is cut", () => {
  const { lines, log } = capture({ format: "json" });
  log.info("x".repeat(100_000));
  expect(lines[0]?.length).toBeLessThan(20_000);
  expect(lines[0]).toContain("more characters");
});

test("redacting leaves nothing between :// and the last @ before the next slash or space", () => {
  const secret = fc.stringMatching(/^[^\s/]*[A-Z]{8}[^\s/]*$/);
  fc.assert(
    fc.property(secret, fc.constantFrom("", ":", "user:"), (password, user) => {
      expect(redact(`before redis://${user}${password}@host:6379/0?key=f after`)).toBe(
        "before redis://***@host:6379/0?key=f after",
      );
    }),
  );
});

test("redacting leaves text without user information as it is", () => {
  for (const text of ["redis://host/0?key=a", "a@b.c", "file:/x y@z", "grpc://a:1, mail b@c"]) {
    expect(redact(text)).toBe(text);
  }
});

test("BUN 1.4.5: process.stderr without a reader ends a program badly; if this fails, standardError need not be our own", async () => {
  const program = 'await Bun.stdin.text(); process.stderr.write("x\\n"); await Bun.sleep(100);';
  const child = Bun.spawn([process.execPath, "-e", program], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "pipe",
  });
  await child.stderr.cancel();
  await child.stdin.end();
  expect(await child.exited).toBe(1);
});
