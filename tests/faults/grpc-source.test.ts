/** A gRPC source whose server hangs, dies, is no gRPC server, or ends its streams in every way. */
import { afterEach, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import { systemClock } from "../../src/core/clock.ts";
import { createSyncService } from "../../src/services/sync/sync-service.ts";
import type { GrpcSourceConfig } from "../../src/sources/grpc/grpc-kind.ts";
import { GrpcSource } from "../../src/sources/grpc/grpc-source.ts";
import type { GrpcTiming } from "../../src/sources/grpc/grpc-stream.ts";
import type { Payload } from "../../src/sources/source.ts";
import { listen } from "../../src/transport/listen.ts";
import { fixedContext } from "../support/fixed-context.ts";
import { freePort } from "../support/ports.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { grpcConfig } from "../support/source-configs.ts";
import { until } from "../support/until.ts";
import { createStore, flag, flagSet } from "../unit/store/flags.ts";

const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A clock whose waits are short, so that tests see many attempts. */
const hasty = {
  ...systemClock,
  sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 20), signal),
};

interface Options extends Partial<GrpcSourceConfig> {
  readonly uri: string;
  readonly timing?: Partial<GrpcTiming>;
}

function run({ uri, timing = {}, ...members }: Options, clock = hasty) {
  const payloads: Payload[] = [];
  const failures: string[] = [];
  const abort = new AbortController();
  const source = new GrpcSource(grpcConfig(uri, members), { clock, log: rememberingLog(), timing });
  const ended = source
    .run(
      {
        accept: async (payload) => {
          payloads.push(payload);
          return true;
        },
        unchanged: () => {},
        failed: (reason) => failures.push(reason),
      },
      abort.signal,
    )
    .then(
      () => undefined,
      (error: Error) => error.message,
    );
  const stop = () => {
    abort.abort();
    return ended;
  };
  cleanups.push(stop);
  return { source, payloads, failures, ended, stop };
}

/** A sync service in this process. */
async function serve(
  options: { deadlineMs?: number; port?: number; whenReady?: Promise<void> } = {},
) {
  const { store } = createStore("A");
  store.accept("A", flagSet([flag("x", "first")]));
  const service = createSyncService({
    store,
    context: fixedContext({ env: "test" }),
    whenReady: options.whenReady ?? Promise.resolve(),
    metadataDisabled: false,
    streamDeadlineMs: options.deadlineMs ?? 0,
    log: rememberingLog(),
  });
  const listener = await listen({
    name: "sync",
    address: { port: options.port ?? (await freePort()), host: "127.0.0.1" },
    ...service,
    web: false,
    maxRequestBody: 4_194_304,
    maxRequestHeader: 65_536,
    log: rememberingLog(),
  });
  const port = "port" in listener.address ? listener.address.port : 0;
  const stop = async () => {
    service.shutdown();
    await listener.drain(0);
  };
  cleanups.push(stop);
  return { store, port, uri: `127.0.0.1:${port}`, stop };
}

const sockets = () => {
  const folder = "/proc/self/fd";
  return readdirSync(folder).length;
};

async function redisSync() {
  const redis = await RedisServer.start();
  cleanups.push(() => redis[Symbol.asyncDispose]());
  await redis.set("flags", '{"flags":{}}');
  const sync = await RedisSync.start(redis);
  cleanups.push(() => sync[Symbol.asyncDispose]());
  return { redis, sync };
}

test("a server that hangs is noticed, and used again when it goes on", async () => {
  const { redis, sync } = await redisSync();
  const timing = { connectMs: 300, keepAliveMs: 200, keepAliveTimeoutMs: 200 };
  const { payloads, failures } = run({ uri: `127.0.0.1:${sync.port}`, timing });
  await until("the first state", () => payloads.length === 1);
  const open = sockets();

  sync.signal("SIGSTOP");
  await until("the loss of the stream", () => failures.length > 0);
  // It still accepts connections, by way of the kernel.
  await until(
    "attempts",
    () => failures.filter((text) => text.includes("no HTTP/2 response")).length > 10,
  );
  expect(sockets()).toBeLessThan(open + 4);

  sync.signal("SIGCONT");
  await redis.set(
    "flags",
    '{"flags":{"x":{"state":"ENABLED","variants":{"a":1},"defaultVariant":"a"}}}',
  );
  await until("the next state", () => String(payloads.at(-1)?.document).includes('"x"'));
});

test("a server that takes connections and never says a word is left after the time for connecting", async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => silent.close());
  const address = silent.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const { failures } = run({ uri: `127.0.0.1:${port}`, timing: { connectMs: 100 } });
  await until("two attempts", () => failures.length >= 2);
  expect(new Set(failures)).toEqual(new Set(["no HTTP/2 response within 0.1 s of connecting"]));
});

test("nobody listening, then somebody: connected without being asked", async () => {
  const port = await freePort();
  const { payloads, failures } = run({ uri: `127.0.0.1:${port}` });
  await until("attempts", () => failures.length >= 3);
  expect(new Set(failures)).toEqual(
    new Set([
      `nothing is listening on 127.0.0.1:${port} (connection refused): a daemon's sync port is expected there (flagd start: 8015, flagd redis-sync: 8016)`,
    ]),
  );
  await serve({ port });
  await until("the state", () => payloads.length > 0);
});

test("a server without flags of its own is a failure in these words, until it has some", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { uri } = await serve({ whenReady: promise });
  const { payloads, failures } = run({ uri, timing: { firstMessageMs: 100 } });
  await until("the failure", () => failures.length > 0);
  resolve();
  await until("the state", () => payloads.length === 1);
  expect(failures).toEqual([
    "the stream is open, but the server has sent no flags (check the server's own sources)",
  ]);
});

test("a server that has sent its flags may be silent", async () => {
  const { uri } = await serve();
  const { payloads, failures } = run({ uri, timing: { firstMessageMs: 2_000 } });
  await until("the state", () => payloads.length === 1);
  await Bun.sleep(2_200);
  expect(failures).toEqual([]);
});

test("a stream that the server ends after its deadline is opened again, which is no failure", async () => {
  const { uri } = await serve({ deadlineMs: 50 });
  const { payloads, failures } = run({ uri });
  await until("several streams", () => payloads.length > 3);
  expect(failures).toEqual([]);
});

test("a server that stops is a failure with its words, and the last flags stay", async () => {
  const { uri, stop } = await serve();
  const { payloads, failures } = run({ uri });
  await until("the state", () => payloads.length === 1);
  await stop();
  await until("the failure", () => failures.length > 0);
  expect(failures[0]).toBe("UNAVAILABLE: the server is shutting down");
  expect(payloads).toHaveLength(1);
});

test("a message over maxMsgSize names the sizes and the option, and is taken once it fits", async () => {
  const { uri, store } = await serve();
  store.accept("A", flagSet([flag("x", "x".repeat(5_000))]));
  const small = run({ uri, maxMsgSize: 2_000 });
  await until("the failure", () => small.failures.length > 0);
  expect(small.failures[0]).toMatch(
    /^the flag document exceeds maxMsgSize: raise this setting of the source \(.*\d{5} vs 2000\)\)$/,
  );
  store.accept("A", flagSet([flag("x", "short")]));
  await until("a document that fits", () => small.payloads.length > 0);

  store.accept("A", flagSet([flag("x", "x".repeat(5_000_000))]));
  const usual = run({ uri });
  await until("the failure", () => usual.failures.length > 0);
  expect(usual.failures[0]).toMatch(/exceeds maxMsgSize: raise .* vs 4194304\)/);
});

test("the waits grow while nothing is delivered, to a minute at most, and start again after a delivery", async () => {
  const waits: number[] = [];
  let now = 0;
  const clock = {
    ...systemClock,
    // Attempts take no time: waits count from their start.
    now: () => now,
    random: () => 1,
    sleep: (ms: number, signal?: AbortSignal) => {
      waits.push(ms);
      now += ms;
      return systemClock.sleep(5, signal);
    },
  };
  const port = await freePort();
  const { payloads } = run({ uri: `127.0.0.1:${port}` }, clock);
  await until("many attempts", () => waits.length > 8);
  expect(waits.slice(0, 8)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  const server = await serve({ port });
  await until("the state", () => payloads.length > 0);
  const before = waits.length;
  await server.stop();
  await until("the next wait", () => waits.length > before);
  expect(waits[before]).toBe(1000);
});

test("asked to look again, it opens the stream anew at once, also in the middle of a wait", async () => {
  const { uri, stop, port } = await serve();
  const endless = (_: number, signal?: AbortSignal) => systemClock.sleep(3_600_000, signal);
  const { source, payloads, failures } = run({ uri }, { ...systemClock, sleep: endless });
  await until("the state", () => payloads.length === 1);
  source.resync();
  await until("the state once more", () => payloads.length === 2);
  expect(failures).toEqual([]);
  await stop();
  await until("the failure", () => failures.length === 1);
  await serve({ port });
  source.resync();
  await until("the state after the wait was cut", () => payloads.length === 3);
});

test("no sync service on the port: it does not start", async () => {
  const { ended, failures } = run({ uri: (await serveNothing()).uri });
  expect(await ended).toMatch(
    /: the server has no flag sync service on this port: use its sync port/,
  );
  expect(failures).toEqual([]);
});

/** A gRPC server with other services. */
async function serveNothing() {
  const listener = await listen({
    name: "other",
    address: { port: 0, host: "127.0.0.1" },
    routes: async () => () => {},
    unary: [],
    streams: [],
    web: false,
    maxRequestBody: 4_194_304,
    maxRequestHeader: 65_536,
    log: rememberingLog(),
  });
  cleanups.push(() => listener.drain(0));
  return { uri: `127.0.0.1:${"port" in listener.address ? listener.address.port : 0}` };
}

test("a port of something else is said to be that", async () => {
  const redis = await RedisServer.start();
  cleanups.push(() => redis[Symbol.asyncDispose]());
  const { failures } = run({ uri: `127.0.0.1:${redis.port}` });
  await until("the failure", () => failures.length > 0);
  expect(failures[0]).toBe("the server does not speak HTTP/2 on this port: use its sync port");
});
