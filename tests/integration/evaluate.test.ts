/** `flagd evaluate` and `flagd test` as they are run: the executable, with real peers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { binary, startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { until } from "../support/until.ts";

const examples = resolve(import.meta.dir, "../../examples");
const flags = join(examples, "flags.json");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flagd-evaluate-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function flagd(args: readonly string[], { stdin = "", env = {} } = {}) {
  const child = Bun.spawn([binary, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdin: Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { stdout, stderr, status };
}

const ann = ["-c", "email=ann@example.com"];

describe("from a file", () => {
  test("the answer, for people and for programs", async () => {
    const people = await flagd(["evaluate", "new-checkout", flags, ...ann]);
    expect(people).toEqual({
      stdout:
        'new-checkout = true\n  variant   on\n  reason    TARGETING_MATCH\n  metadata  team: "storefront"\n',
      stderr: "",
      status: 0,
    });
    const programs = await flagd(["evaluate", "new-checkout", flags, ...ann, "--json"]);
    expect(JSON.parse(programs.stdout)).toEqual({
      key: "new-checkout",
      value: true,
      variant: "on",
      reason: "TARGETING_MATCH",
      metadata: { team: "storefront" },
    });
  });

  test("an error is status 1, in words", async () => {
    const missing = await flagd(["evaluate", "new-chekout", flags]);
    expect(missing.status).toBe(1);
    expect(missing.stdout).toContain(
      'FLAG_NOT_FOUND: no flag has this key (did you mean "new-checkout"?)',
    );
    const nowhere = await flagd(["evaluate", "x", "nowhere.json"]);
    expect(nowhere.status).toBe(1);
    expect(nowhere.stderr).toStartWith("Error: source nowhere.json: cannot read the flag file");
    expect(nowhere.stderr.split("\n").length).toBe(2);
    const pairless = await flagd(["evaluate", "x", flags, "-c", "email"]);
    expect(pairless.stderr).toContain('or a JSON object like {"key":"value"}, found "email"\n');
    const keyless = await flagd(["evaluate", "x", flags, "--keys", "nowhere"]);
    expect(keyless.stderr).toBe("Error: cannot read the keys in nowhere: no such file\n");
    const wrong = await flagd(["evaluate", "x", "-"], { stdin: '{"flags":[}' });
    expect(wrong.stderr).toContain("Error: standard input: $: not valid JSON at line 1");
  });

  test("standard input, explained", async () => {
    const stdin = await Bun.file(flags).text();
    const { stdout } = await flagd(["evaluate", "new-checkout", "-", "-e", ...ann], { stdin });
    expect(stdout).toContain('metadata  team: "storefront" (of the document)');
    expect(stdout).toContain("├─ if ends_with → true ($ref employees)");
    expect(stdout).toContain('├─ then "on" ◀ decides');
  });

  test("a later source has priority", async () => {
    await Bun.write(
      join(folder, "over.yaml"),
      "flags:\n  retries: {variants: {none: 0}, defaultVariant: none}\n",
    );
    const { stdout } = await flagd(["evaluate", "--all", flags, "over.yaml", "--json"]);
    const answers: { key: string; value: unknown }[] = JSON.parse(stdout).flags;
    expect(answers.map(({ key }) => key)).toEqual([
      "banner-text",
      "limits",
      "new-checkout",
      "old-search",
      "retries",
      "sale-badge",
    ]);
    expect(answers.find(({ key }) => key === "retries")?.value).toBe(0);
  });

  test("a simulation, against another source", async () => {
    const text = (await Bun.file(flags).text()).replace('["red", 50]', '["red", 5]');
    await Bun.write(join(folder, "less-red.json"), text);
    const { stdout } = await flagd([
      ...["evaluate", "sale-badge", flags, "-n", "2000", "--against", "less-red.json", "--json"],
    ]);
    const result = JSON.parse(stdout);
    const sum = (shares: { count: number }[]) => shares.reduce((all, { count }) => all + count, 0);
    expect(sum(result.distribution)).toBe(2000);
    expect(sum(result.against.moves) + result.against.same).toBe(2000);
    expect(result.against.source).toBe("less-red.json");
    expect(result.otherFractional.version).toBe("v3");
  });
});

describe("with peers", () => {
  test("Redis is read once and explained, the password from the environment", async () => {
    await using redis = await RedisServer.start({ password: "secret" });
    const document = await Bun.file(flags).text();
    await redis.set("flags", document);
    const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
    const env = { FLAGD_REDIS_PASSWORD: "secret" };
    const { stdout, status } = await flagd(["evaluate", "new-checkout", uri, "-e", ...ann], {
      env,
    });
    expect(status).toBe(0);
    expect(stdout).toContain("($ref employees)");
    const refused = await flagd(["evaluate", "new-checkout", uri], {
      env: { FLAGD_REDIS_PASSWORD: "wrong-one" },
    });
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/password/i);
    expect(refused.stderr).not.toContain("wrong-one");
  });

  test("a running daemon answers what the file does, and its sync port is a source", async () => {
    await using daemon = await startFlagd(["-f", `file:${flags}`]);
    const addr = `127.0.0.1:${daemon.httpPort}`;
    const asked = await flagd(["evaluate", "new-checkout", "--addr", addr, ...ann, "--json"]);
    const read = await flagd(["evaluate", "new-checkout", flags, ...ann, "--json"]);
    expect(JSON.parse(asked.stdout)).toEqual(JSON.parse(read.stdout));
    const missing = await flagd(["evaluate", "nope", "--addr", addr]);
    expect([missing.status, missing.stdout.includes("FLAG_NOT_FOUND")]).toEqual([1, true]);
    const all = await flagd(["evaluate", "--all", "--addr", addr, "--json"]);
    const allRead = await flagd(["evaluate", "--all", flags, "--json"]);
    expect(JSON.parse(all.stdout)).toEqual(JSON.parse(allRead.stdout));
    const source = `grpc://127.0.0.1:${daemon.syncPort}`;
    const explained = await flagd(["evaluate", "new-checkout", source, "-e", ...ann]);
    expect(explained.stdout).toContain("if ends_with → true");
  });

  test("nobody there is said in a line", async () => {
    const { status, stderr } = await flagd(["evaluate", "x", "--addr", "127.0.0.1:1"]);
    expect([status, stderr]).toEqual([1, "Error: nothing is listening on 127.0.0.1:1\n"]);
  });

  test("--watch prints every change, says what is wrong, and ends with SIGTERM", async () => {
    const path = join(folder, "watched.json");
    const write = (variant: string) =>
      Bun.write(path, `{"flags":{"f":{"variants":{"a":1,"b":2},"defaultVariant":"${variant}"}}}`);
    await write("a");
    const child = Bun.spawn([binary, "evaluate", "f", path, "--watch", "--json"], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    let printed = "";
    let complained = "";
    const drain = async (stream: ReadableStream<Uint8Array>, add: (text: string) => void) => {
      const decoder = new TextDecoder();
      for await (const chunk of stream) add(decoder.decode(chunk));
    };
    const drained = Promise.all([
      drain(child.stdout, (text) => (printed += text)),
      drain(child.stderr, (text) => (complained += text)),
    ]);
    try {
      await until("the first answer", () => printed.includes('"value":1'));
      await Bun.write(path, '{"flags":');
      await until("the complaint", () => complained.includes("not valid JSON"));
      await write("b");
      await until("the second answer", () => printed.includes('"value":2'));
      child.kill("SIGTERM");
      expect(await child.exited).toBe(0);
      await drained;
      expect(printed.trim().split("\n").length).toBe(2);
    } finally {
      child.kill("SIGKILL");
    }
  });
});

describe("flagd test", () => {
  test("status 0 if all pass, and 1 with the names of those that do not", async () => {
    const cases = join(examples, "flags.test.yaml");
    expect(await flagd(["test", cases])).toEqual({
      stdout: `${cases}: 4 of 4 passed\n4 passed\n`,
      stderr: "",
      status: 0,
    });
    const content = await Bun.file(cases).text();
    await Bun.write(join(folder, "flags.json"), Bun.file(flags));
    await Bun.write(join(folder, "bad.yaml"), content.replace("value: true", "value: false"));
    const failed = await flagd(["test", cases, "bad.yaml"]);
    expect(failed.status).toBe(1);
    expect(failed.stdout).toContain(
      "bad.yaml: 3 of 4 passed\n  ✗ employees see the new checkout\n      value: expected false, found true\n",
    );
  });

  test("a file that is none is an error, not a failure", async () => {
    const { status, stderr, stdout } = await flagd(["test", "no.yaml"]);
    expect([status, stdout, stderr]).toEqual([1, "", "Error: no.yaml: no such file\n"]);
  });
});
