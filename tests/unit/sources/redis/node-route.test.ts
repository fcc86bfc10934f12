import { beforeEach, describe, expect, test } from "bun:test";
import type { RedisConnection } from "../../../../src/sources/redis/connection.ts";
import { clusterNodes, NodeRoute } from "../../../../src/sources/redis/node-route.ts";
import { serverName } from "../../../../src/sources/redis/redis-address.ts";
import { Redirection, RedisError } from "../../../../src/sources/redis/redis-errors.ts";
import { addressOf } from "./fake-redis.ts";

const at = (host: string) => addressOf(`redis://:pw@${host}?key=k`);
const refused = new RedisError("", "closed");
const down = new RedisError("the cluster is down", "retryable");

const connection = (slots: unknown) =>
  ({
    server: { mode: "cluster", json: false },
    send: async () => slots,
  }) as unknown as RedisConnection;
const slots = [[0, 16_383, ["c", 1, "id"], ["d", 1, "id"]]];

let route: NodeRoute;
beforeEach(() => {
  route = new NodeRoute([at("a:1"), at("b:1")]);
});

async function next(): Promise<string> {
  const { address, asking, deadlineMs = 0 } = await route.next();
  const hasty = deadlineMs > 0 && deadlineMs < 1000;
  return `${serverName(address)}${asking ? " asking" : ""}${hasty ? " hasty" : ""}`;
}

describe("servers are tried", () => {
  test("in the order of the URI, until all have failed", async () => {
    expect(await next()).toBe("a:1");
    expect(route.failed(refused)).toBe(true);
    expect(await next()).toBe("b:1");
    expect(route.failed(down)).toBe(false);
    // The one that answered is asked alone in the next rounds, and in the third one the other gets little time.
    for (const more of [false, false, true]) {
      expect(await next()).toBe("b:1");
      expect(route.failed(down)).toBe(more);
    }
    expect(await next()).toBe("a:1 hasty");
  });

  test("the owner first, and after it all that a node has told of", async () => {
    await next();
    route.redirected(new Redirection("MOVED", "c", 1));
    expect(await next()).toBe("c:1");
    route.arrived(connection(slots));
    await Bun.sleep(0);
    expect(await next()).toBe("c:1");
    const seen: string[] = [];
    for (let more = true; more; ) {
      more = route.failed(refused);
      if (more) seen.push(await next());
    }
    expect(seen).toEqual(["a:1", "b:1", "d:1"]);
  });
});

describe("a redirection", () => {
  test("is followed, with the same credentials, to the same host if it names none", async () => {
    await next();
    expect(route.redirected(new Redirection("MOVED", undefined, 7))).toBe(true);
    expect((await route.next()).address).toEqual(at("a:7"));
  });

  test("by ASK keeps the owner", async () => {
    await next();
    route.arrived(connection([]));
    route.redirected(new Redirection("ASK", "t", 1));
    expect(await next()).toBe("t:1 asking");
    route.arrived(connection([]));
    expect(await next()).toBe("a:1");
  });

  test("to a node that is out of reach leads nowhere", async () => {
    await next();
    route.failed(refused);
    expect(await next()).toBe("b:1");
    expect(route.redirected(new Redirection("MOVED", "a", 1))).toBe(false);
  });
});

test("while a master is chosen the nodes are asked four times a second, for a minute", async () => {
  for (let round = 0; round < 240; round++) {
    expect(route.failoverWaitMs).toBe(250);
    for (let more = true; more; ) {
      await next();
      more = route.failed(refused);
    }
  }
  expect(route.failoverWaitMs).toBeUndefined();
  expect(new NodeRoute([at("a:1")]).failoverWaitMs).toBeUndefined();
});

test.each([
  [[[0, 1, ["h", 1, "id", []], ["", 2], [null, 3], ["?", 4]]], ["h:1", "a:2", "a:3", "a:4"]],
  [[[0, 1, ["h", "1"]], "x", [0, 1, 2]], []],
  ["OK", []],
])("nodes in %j", (reply, nodes) => {
  expect(clusterNodes(reply, at("a:1")).map(serverName)).toEqual(nodes);
});
