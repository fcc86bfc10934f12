import { beforeEach, expect, test } from "bun:test";
import { type ChangeHint, HintLog } from "../../../../src/sources/redis/change-hint.ts";
import type { RedisConnection } from "../../../../src/sources/redis/connection.ts";
import { createHint } from "../../../../src/sources/redis/pushed-hint.ts";
import { FakeClock, settle } from "../../../support/fake-clock.ts";
import { rememberingLog } from "../../../support/remembering-log.ts";
import { redisError } from "./fake-redis.ts";

let clock: FakeClock;
/** Over the reading connection, and over the one for pushes. */
let read: string[];
let pushed: string[];
let watch: unknown;

beforeEach(() => {
  clock = new FakeClock();
  read = [];
  pushed = [];
  watch = "OK";
});

/** Of a connection that is tracked. */
async function hintOf(mode: "cluster" | "standalone"): Promise<ChangeHint> {
  const connection: Pick<RedisConnection, "closed" | "server" | "send"> = {
    closed: false,
    server: { mode, json: false },
    async send(command, [argument = ""]) {
      read.push(command);
      if (command === "WATCH" && watch instanceof Error) throw watch;
      return argument === "INFO" ? "id=1 flags=t redir=2 laddr=h:1" : "OK";
    },
  };
  const hint = createHint({
    connection: connection as RedisConnection,
    keys: ["k"],
    endpoint: { host: "h", port: 1 },
    pushes: true,
    checkMs: 10_000,
    clock,
    log: new HintLog(rememberingLog(), "s"),
    onNews: () => {},
    open: async () => ({
      closed: false,
      localAddress: "",
      close: () => {},
      send: async (...words) => {
        pushed.push(words.join(" "));
        return "id=2 laddr=h:1";
      },
    }),
  });
  await hint.arm();
  await settle();
  await hint.arm();
  read = [];
  pushed = [];
  return hint;
}

test.each([
  ["[::1]:6379", ["::1"]],
  ["127.0.0.1:6379", ["127.0.0.1"]],
  ["10.0.0.7:6379", undefined],
])("of localhost at %s the second connection takes the same address", async (laddr, local) => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const connection: Pick<RedisConnection, "closed" | "server" | "send"> = {
    closed: false,
    server: { mode: "standalone", json: false },
    send: async () => `id=1 flags=N redir=-1 laddr=${laddr}`,
  };
  const hint = createHint({
    connection: connection as RedisConnection,
    keys: ["k"],
    endpoint: { host: "localhost", port: 6379 },
    pushes: true,
    checkMs: 10_000,
    clock,
    log: new HintLog(rememberingLog(), "s"),
    onNews: () => {},
    open: async (on) => {
      resolve(on.local);
      throw new Error("enough");
    },
  });
  await hint.arm();
  expect(await promise).toEqual(local);
});

test("a server of its own is checked every ten seconds, over both connections", async () => {
  const hint = await hintOf("standalone");
  expect(hint.paceMs).toBe(10_000);
  await clock.advance(10_000);
  expect(await hint.touched()).toBe(false);
  expect([read, pushed]).toEqual([["CLIENT"], ["CLIENT INFO"]]);
});

test("a node of a cluster is asked for the keys every second, and no more than that in between", async () => {
  const hint = await hintOf("cluster");
  expect(hint.paceMs).toBe(1000);
  for (let second = 1; second < 10; second++) {
    await clock.advance(1000);
    expect(await hint.touched()).toBe(false);
  }
  expect([read, pushed]).toEqual([Array.from({ length: 9 }, () => "WATCH"), []]);
  await clock.advance(1000);
  expect(await hint.touched()).toBe(false);
  expect([read.slice(9), pushed]).toEqual([["WATCH", "CLIENT"], ["CLIENT INFO"]]);
});

test("a node that has the keys no longer makes the next poll early", async () => {
  const hint = await hintOf("cluster");
  watch = redisError("MOVED 1 h:2");
  await clock.advance(1000);
  expect(await hint.touched()).toBe(true);
});
