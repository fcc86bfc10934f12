/** Clients of redis-sync that read nothing, vanish or come back all at once. */
import { afterAll, beforeAll, test } from "bun:test";
import http2 from "node:http2";
import { startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";
import { until } from "../support/until.ts";

let redis: RedisServer;
/** Cuts who reads nothing for two seconds. */
let strict: RedisSync;

/** Larger than what a connection holds on its way. */
const document = (variant: string) =>
  JSON.stringify({
    flags: {
      x: {
        state: "ENABLED",
        variants: { [variant]: variant, large: "x".repeat(3_000_000) },
        defaultVariant: variant,
      },
    },
  });

beforeAll(async () => {
  redis = await RedisServer.start();
  await redis.set("flags", document("first"));
  strict = await RedisSync.start(redis, ["--redis-interval", "1", "--sync-stall-timeout", "2s"]);
});

afterAll(async () => {
  await strict?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
});

/** Streams on one connection that take only what flow control lets through unread. */
function deafClient(sync: RedisSync, streams: number) {
  const session = http2.connect(`http://127.0.0.1:${sync.port}`);
  session.on("error", () => {});
  const state = { open: streams, [Symbol.dispose]: () => session.destroy() };
  for (let i = 0; i < streams; i++) {
    const stream = session.request({
      ":method": "POST",
      ":path": "/flagd.sync.v1.FlagSyncService/SyncFlags",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", () => {});
    stream.on("close", () => {
      state.open--;
    });
    stream.end(Buffer.alloc(5));
  }
  return state;
}

async function metric(sync: RedisSync, name: string): Promise<number> {
  const text = await (await fetch(`${sync.management}/metrics`)).text();
  const line = text.split("\n").find((each) => each.startsWith(name));
  return Number(line?.split(" ").at(-1) ?? 0);
}

const activeStreams = (sync: RedisSync) => metric(sync, "feature_flag_flagd_sync_active_streams");

test("clients that read nothing are cut and delay nobody", async () => {
  using deaf = deafClient(strict, 20);
  await until("their streams", async () => (await activeStreams(strict)) === 20);
  await using flagd = await startFlagd(["--uri", `grpc://127.0.0.1:${strict.port}`]);
  await redis.set("flags", document("second"));
  await until("the change at the daemon", async () => {
    const url = `${flagd.http}/ofrep/v1/evaluate/flags/x`;
    const response = await fetch(url, { method: "POST" });
    return ((await response.json()) as { value?: unknown }).value === "second";
  });
  await until("the end of the streams that are not read", () => deaf.open === 0);
  await until("a line of that", () => strict.log.includes("the client has stopped reading"));
  await until("one stream left", async () => (await activeStreams(strict)) === 1);
});

test("hundreds of clients that vanish at once leave nothing, and all are served when they return", async () => {
  await using sync = await RedisSync.start(redis);
  const idle = await until("no streams", async () => (await activeStreams(sync)) === 0).then(() =>
    metric(sync, "process_open_fds"),
  );
  for (let round = 0; round < 2; round++) {
    const clients = Array.from({ length: 30 }, () => deafClient(sync, 10));
    await until("all streams", async () => (await activeStreams(sync)) === 300);
    for (const client of clients) client[Symbol.dispose]();
    await until("the end of all", async () => (await activeStreams(sync)) === 0);
  }
  await until(
    "no connection left",
    async () => (await metric(sync, "process_open_fds")) <= idle + 2,
  );
  await using flagd = await startFlagd(["--uri", `grpc://127.0.0.1:${sync.port}`]);
  await until("its line", () => flagd.log().includes("ready"));
});
