import { beforeEach, describe, expect, test } from "bun:test";
import type { RedisConnection } from "../../../../src/sources/redis/connection.ts";
import { clusterNodes, NodeRoute } from "../../../../src/sources/redis/node-route.ts";
import type { Standing } from "../../../../src/sources/redis/owner-search.ts";
import { serverName } from "../../../../src/sources/redis/redis-address.ts";
import { Redirection, RedisError } from "../../../../src/sources/redis/redis-errors.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { addressOf } from "./fake-redis.ts";

const at = (host: string) => addressOf(`redis://:pw@${host}?key=k`);
const refused = new RedisError("nothing listens", "closed");
const { signal } = new AbortController();

const connection = (slots: unknown) =>
  ({
    server: { mode: "cluster", json: false },
    send: async () => slots,
  }) as unknown as RedisConnection;
const slots = [[0, 16_383, ["c", 1, "id"], ["d", 1, "id"]]];

let clock: FakeClock;
let route: NodeRoute;
/** What nodes say when they are asked for the keys. */
let standings: Record<string, Standing>;
let asked: string[];
let switches: number;

beforeEach(() => {
  clock = new FakeClock();
  standings = {};
  asked = [];
  switches = 0;
  route = routeOver(at("a:1"), at("b:1"));
});

function routeOver(...[first, ...more]: [ReturnType<typeof at>, ...ReturnType<typeof at>[]]) {
  return new NodeRoute([first, ...more], {
    clock,
    ask: async (node) => {
      asked.push(serverName(node));
      return standings[serverName(node)];
    },
    onSwitch: () => switches++,
  });
}

async function next(): Promise<string> {
  const { address, asking } = await route.next(signal);
  return `${serverName(address)}${asking ? " asking" : ""}`;
}

/** The same, while the clock goes on. */
async function nextWithin(ms: number): Promise<string> {
  const found = next().catch((error: Error) => `failed: ${error.message}`);
  await clock.advance(ms);
  return await found;
}

describe("all is well:", () => {
  test("the first server of the URI is tried, and later the owner, and nobody else is asked", async () => {
    expect(await next()).toBe("a:1");
    route.redirected(new Redirection("MOVED", "c", 1));
    expect(await next()).toBe("c:1");
    route.arrived(connection(slots));
    expect(await next()).toBe("c:1");
    expect(asked).toEqual([]);
  });

  test("one of several has half a second for the connection, a single one as long as usual", async () => {
    expect((await route.next(signal)).deadlineMs).toBe(500);
    expect((await routeOver(at("a:1")).next(signal)).deadlineMs).toBeUndefined();
  });
});

describe("if that fails", () => {
  test("all nodes that are known are asked side by side, and the one that has the keys is next", async () => {
    await next();
    route.redirected(new Redirection("MOVED", "c", 1));
    await next();
    route.arrived(connection(slots));
    await Bun.sleep(0);
    standings["d:1"] = "owner";
    expect(route.failed(refused)).toBe(true);
    expect(await nextWithin(0)).toBe("d:1");
    expect(asked).toEqual(["c:1", "a:1", "b:1", "d:1"]);
    expect((await route.next(signal)).deadlineMs).toBe(500);
  });

  test("the failure is told after a second without an owner, and the search goes on", async () => {
    await next();
    expect(route.failed(refused)).toBe(true);
    expect(await nextWithin(1000)).toBe("failed: nothing listens");
    expect(route.failed(refused)).toBe(false);
    expect(switches).toBe(0);
    standings["b:1"] = "owner";
    await clock.advance(250);
    expect(switches).toBe(1);
    expect(await next()).toBe("b:1");
  });

  test("one that refuses us is tried after that second, as a connection tells why", async () => {
    await next();
    standings["b:1"] = "refuses";
    route.failed(refused);
    expect(await nextWithin(1000)).toBe("b:1");
  });

  test("an owner that fails after all is not asked again without a pause", async () => {
    await next();
    standings["b:1"] = "owner";
    route.failed(refused);
    expect(await nextWithin(0)).toBe("b:1");
    expect(route.failed(refused)).toBe(false);
    const before = asked.length;
    await clock.advance(249);
    expect(asked).toHaveLength(before);
    await clock.advance(1);
    expect(asked.length).toBeGreaterThan(before);
  });

  test("a single server is only tried again", async () => {
    route = routeOver(at("a:1"));
    await next();
    expect(route.failed(refused)).toBe(false);
    expect(await next()).toBe("a:1");
    expect(asked).toEqual([]);
  });

  test("an end of the source ends the search", async () => {
    await next();
    route.failed(refused);
    await clock.advance(0);
    route.close();
    await clock.advance(0);
    expect(clock.sleeping).toBe(0);
  });
});

describe("a redirection", () => {
  test("is followed, with the same credentials, to the same host if it names none", async () => {
    await next();
    expect(route.redirected(new Redirection("MOVED", undefined, 7))).toBe(true);
    expect((await route.next(signal)).address).toEqual(at("a:7"));
  });

  test("by ASK keeps the owner", async () => {
    await next();
    route.arrived(connection([]));
    route.redirected(new Redirection("ASK", "t", 1));
    expect(await next()).toBe("t:1 asking");
    route.arrived(connection([]));
    expect(await next()).toBe("a:1");
  });
});

test("while a master is chosen the way is tried four times a second, for a minute", async () => {
  await next();
  route.failed(refused);
  expect(route.failoverWaitMs).toBe(250);
  await clock.advance(59_999);
  expect(route.failoverWaitMs).toBe(250);
  await clock.advance(1);
  expect(route.failoverWaitMs).toBeUndefined();
  expect(routeOver(at("a:1")).failoverWaitMs).toBeUndefined();
  route.close();
});

test.each([
  [[[0, 1, ["h", 1, "id", []], ["", 2], [null, 3], ["?", 4]]], ["h:1", "a:2", "a:3", "a:4"]],
  [[[0, 1, ["h", "1"]], "x", [0, 1, 2]], []],
  ["OK", []],
])("nodes in %j", (reply, nodes) => {
  expect(clusterNodes(reply, at("a:1")).map(serverName)).toEqual(nodes);
});
