/** With --notify-url a receiver is told of every change, in requests that it can trust. */
import { afterEach, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFlagd, startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";
import { until } from "../support/until.ts";

const secret = "secret-of-this-test-only";
const flag = (defaultVariant: string) => ({
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant,
});

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "flagd-notify-"));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Answers with the statuses in turn, then with 204, and keeps what it was told if the signature is right. */
function startReceiver(...statuses: number[]) {
  const told: { readonly id: string; readonly status: number; readonly body: Told }[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const text = await request.text();
      const [id, timestamp, signature] = ["id", "timestamp", "signature"].map(
        (name) => request.headers.get(`webhook-${name}`) ?? "",
      );
      const hmac = createHmac("sha256", secret).update(`${id}.${timestamp}.${text}`);
      expect(signature).toBe(`v1,${hmac.digest("base64")}`);
      expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60);
      const status = statuses.shift() ?? 204;
      told.push({ id: id ?? "", status, body: JSON.parse(text) as Told });
      return new Response(null, { status });
    },
  });
  cleanups.push(() => void server.stop(true));
  return { told, url: `http://127.0.0.1:${server.port}/hook?key=secret-of-the-url` };
}

interface Told {
  readonly data: { readonly source: string; readonly changes: readonly object[] };
}

test("flagd start tells of a change once the receiver takes it, and nothing secret is logged", async () => {
  const file = join(newFolder(), "flags.json");
  const write = (flags: object) => writeFileSync(file, JSON.stringify({ flags }));
  write({ a: flag("on") });
  const { told, url } = startReceiver(503, 500);
  const flagd = await startFlagd(["-f", `file:${file}`, "--notify-url", url, "--debug"], {
    env: { FLAGD_NOTIFY_SECRET: secret },
  });
  try {
    write({ a: flag("off"), b: flag("on") });
    await until("the change to be taken", () => told.some(({ status }) => status === 204));
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
    expect(told.map(({ status }) => status)).toEqual([503, 500, 204]);
    expect(told.at(-1)?.body.data).toEqual({
      source: file,
      changes: [
        { flag: "a", flagSetId: "", kind: "changed" },
        { flag: "b", flagSetId: "", kind: "added" },
      ],
      more: 0,
    } as object as Told["data"]);
    const metrics = await (await fetch(`${flagd.http}/metrics`)).text();
    expect(metrics).toMatch(
      /feature_flag_flagd_notifications_total\{[^}]*outcome="delivered"[^}]*\} 1\n/,
    );
    await until("the log to say so", () => flagd.log().includes("of changed flags again"));
    expect(flagd.log()).not.toContain("secret-of");
  } finally {
    await flagd.stop();
  }
});

test("flagd redis-sync tells, signed by what its file holds then", async () => {
  await using redis = await RedisServer.start();
  const set = (variant: string) =>
    redis.set("flags", JSON.stringify({ flags: { a: flag(variant) } }));
  await set("on");
  const secretPath = join(newFolder(), "secret");
  writeFileSync(secretPath, "another-secret-than-later");
  const { told, url } = startReceiver();
  await using sync = await RedisSync.start(redis, [
    ...["--notify-url", url, "--notify-secret-path", secretPath],
  ]);
  writeFileSync(secretPath, `${secret}\n`);
  await set("off");
  await until("the change to be told", () => told.length === 1);
  expect(told[0]?.body.data.changes).toEqual([{ flag: "a", flagSetId: "", kind: "changed" }]);
  expect(sync.log).not.toContain("secret-of");
});

test.each<[string, readonly string[], Readonly<Record<string, string>>, string]>([
  [
    "no secret",
    ["--notify-url", "http://127.0.0.1:1"],
    {},
    "--notify-url requires a secret: set FLAGD_NOTIFY_SECRET or --notify-secret-path",
  ],
  [
    "no URL",
    ["--notify-url", "example.com/x"],
    { FLAGD_NOTIFY_SECRET: secret },
    "--notify-url is not a URL that begins with http:// or https://",
  ],
  [
    "a password",
    ["--notify-url", "https://a:b@example.com"],
    { FLAGD_NOTIFY_SECRET: secret },
    "--notify-url must not name a user or a password",
  ],
  [
    "a short secret",
    ["--notify-url", "http://127.0.0.1:1"],
    { FLAGD_NOTIFY_SECRET: "short" },
    "FLAGD_NOTIFY_SECRET: a secret has to have at least 16 bytes",
  ],
  [
    "no file",
    ["--notify-url", "http://127.0.0.1:1", "--notify-secret-path", "/no/such/file"],
    {},
    "--notify-secret-path: /no/such/file: no such file",
  ],
  [
    "a secret alone",
    [],
    { FLAGD_NOTIFY_SECRET: secret },
    "FLAGD_NOTIFY_SECRET is set without --notify-url",
  ],
])("%s ends the start with what to do", async (_, args, env, message) => {
  const { code, stderr } = await runFlagd(["start", "-f", "file:/dev/null", ...args], { env });
  expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
});
