/** Redis → redis-sync → three daemons, all of them the built binary. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Flagd, runFlagd, startFlagd } from "../support/flagd.ts";
import { freePorts } from "../support/ports.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";
import { changedDocument, sampleDocument } from "../support/sample-flags.ts";
import { until } from "../support/until.ts";

const on = JSON.stringify(sampleDocument);
const off = JSON.stringify(changedDocument());

async function valueAt(flagd: Flagd): Promise<unknown> {
  const response = await fetch(`${flagd.http}/ofrep/v1/evaluate/flags/bool`, { method: "POST" });
  return ((await response.json()) as { value?: unknown }).value;
}

describe("three daemons behind one redis-sync", () => {
  let redis: RedisServer;
  let sync: RedisSync;
  let daemons: Flagd[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
    await redis.set("flags", on);
    sync = await RedisSync.start(redis, ["--redis-interval", "1", "-X", "region=north"]);
    const args = ["--uri", `grpc://127.0.0.1:${sync.port}`];
    daemons = await Promise.all([1, 2, 3].map(() => startFlagd(args)));
  });

  afterAll(async () => {
    await Promise.all(daemons.map((daemon) => daemon[Symbol.asyncDispose]()));
    await sync?.[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });

  const all = (value: boolean, of = daemons) =>
    until(`${value} at ${of.length} daemons`, async () =>
      (await Promise.all(of.map(valueAt))).every((each) => each === value),
    );

  /** The value and readiness of each daemon stay what they are, for a while. */
  const unmoved = async (value: boolean, ms: number) => {
    const end = Date.now() + ms;
    while (Date.now() < end) {
      for (const daemon of daemons) {
        expect(await valueAt(daemon)).toBe(value);
        expect((await fetch(`${daemon.http}/readyz`)).status).toBe(200);
      }
      await Bun.sleep(50);
    }
  };

  test("a SET reaches all three", async () => {
    await all(true);
    await redis.set("flags", off);
    await all(false);
    await redis.set("flags", on);
    await all(true);
  });

  test("its context values are part of every evaluation", async () => {
    const document = structuredClone(sampleDocument);
    const targeting = { if: [{ "==": [{ var: "region" }, "north"] }, "off", "on"] };
    Object.assign(document.flags.bool, { targeting });
    await redis.set("flags", JSON.stringify(document));
    await all(false);
    await redis.set("flags", on);
    await all(true);
  });

  test("its metrics know the streams, the bytes sent, the source and when it was last polled", async () => {
    const value = async (name: string) => {
      const text = await (await fetch(`${sync.management}/metrics`)).text();
      const lines = text
        .split("\n")
        .filter((line) => line.startsWith(`feature_flag_flagd_${name}`));
      return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
    };
    await until("three streams", async () => (await value("sync_active_streams")) === 3);
    expect(await value("sync_sent_bytes_total")).toBeGreaterThan(3 * on.length);
    expect(await value("source_document_size_bytes")).toBe(on.length);
    const polled = await value("source_last_success_timestamp_seconds");
    expect(Math.abs(Date.now() / 1000 - polled)).toBeLessThan(60);
    await until(
      "the next poll",
      async () => (await value("source_last_success_timestamp_seconds")) > polled,
    );
  });

  test("SIGHUP has it fetch, and a daemon ask, at once", async () => {
    const seen = sync.log.length;
    sync.signal("SIGHUP");
    await until("its line", () => sync.log.slice(seen).includes("SIGHUP"));
    daemons[0]?.signal("SIGHUP");
    await unmoved(true, 200);
  });

  test("one daemon killed: the others hear of changes; started again it has them too", async () => {
    const [killed] = daemons.splice(1, 1);
    killed?.signal("SIGKILL");
    await killed?.exited;
    await redis.set("flags", off);
    await all(false);
    daemons.push(await startFlagd(["--uri", `grpc://127.0.0.1:${sync.port}`]));
    await all(false);
  });

  test("Redis killed and started again: only redis-sync notices", async () => {
    await redis.kill();
    await unmoved(false, 1500);
    await redis.start();
    await redis.set("flags", on);
    await all(true);
  });

  test("redis-sync killed: evaluations go on; back with other flags, all three have them", async () => {
    await sync.kill();
    await unmoved(true, 1500);
    await until("a line of each", () =>
      daemons.every((daemon) => daemon.log().includes("serving the last accepted flags")),
    );
    await redis.set("flags", off);
    await sync.start();
    await all(false);
  });

  test("redis-sync stopped by SIGTERM says so, and is taken up again", async () => {
    expect(await sync.stop()).toBe(0);
    await unmoved(false, 500);
    await redis.set("flags", on);
    await sync.start();
    await all(true);
  });
});

test("a document over 4 MiB: a warning at the server, an error at the daemon, and the way out", async () => {
  await using redis = await RedisServer.start();
  const variants = { on: true, big: "x".repeat(5_000_000) };
  const flags = { bool: { state: "ENABLED", variants, defaultVariant: "on" } };
  await redis.set("flags", JSON.stringify({ flags }));
  await using sync = await RedisSync.start(redis);
  const source = { uri: `127.0.0.1:${sync.port}`, provider: "grpc" };
  {
    const args = ["--sources", JSON.stringify([source])];
    await using small = await startFlagd(args, { unready: true });
    await until("the error", () => small.log().includes("raise this setting of the source"));
    expect(small.log()).toMatch(/exceeds maxMsgSize: raise .*50\d{5} vs 4194304/);
    expect((await fetch(`${small.http}/readyz`)).status).toBe(412);
    await until("the warning", () =>
      /a message of 50\d{5} bytes.*4194304.*maxMsgSize of the gRPC source/.test(sync.log),
    );
  }
  const args = ["--sources", JSON.stringify([{ ...source, maxMsgSize: 6_000_000 }])];
  await using large = await startFlagd(args);
  expect(await valueAt(large)).toBe(true);
});

test("over a unix socket", async () => {
  await using redis = await RedisServer.start();
  await redis.set("flags", on);
  const socket = `${redis.socketPath}.sync`;
  await using _sync = await RedisSync.start(redis, ["--redis-sync-socket-path", socket]);
  await using flagd = await startFlagd(["--uri", `unix:${socket}`]);
  expect(await valueAt(flagd)).toBe(true);
  await redis.set("flags", off);
  await until("the change", async () => (await valueAt(flagd)) === false);
});

test("a busy port and a Redis without its URI are said, and end it", async () => {
  await using redis = await RedisServer.start();
  await redis.set("flags", on);
  await using sync = await RedisSync.start(redis);
  const [management = 0] = await freePorts(1);
  const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
  const args = ["redis-sync", "--redis-uri", uri, "--management-port", `${management}`];
  const busy = await runFlagd([...args, "--redis-sync-port", `${sync.port}`]);
  expect(busy.code).toBe(1);
  expect(busy.stderr).toContain(`${sync.port}`);
  const missing = await runFlagd(["redis-sync"]);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain("--redis-uri is missing");
});
