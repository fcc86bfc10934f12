/** Redis clusters whose nodes die and whose slots move. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { RedisServer } from "../support/redis.ts";
import { type RunningRedisOptions, RunningRedisSource } from "../support/running-redis-source.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(90_000);

const document = '{"flags":{}}';
const changed = '{"flags":{"a":1}}';

const run = (uri: string, options: Partial<RunningRedisOptions> = {}) =>
  new RunningRedisSource({ uri, interval: 3600, ...options });

/** Three masters with a third of the slots each, and a replica of the one that has the key `flags`. */
async function cluster() {
  const stack = new AsyncDisposableStack();
  const config = [
    ["cluster-enabled", "yes"],
    ["cluster-node-timeout", "1000"],
    ["protected-mode", "no"],
  ];
  const nodes: RedisServer[] = [];
  for (let n = 0; n < 4; n++) nodes.push(stack.use(await RedisServer.start({ config })));
  const [first, second, third, replica] = nodes as [
    RedisServer,
    RedisServer,
    RedisServer,
    RedisServer,
  ];
  const third_ = Math.floor(16_384 / 3);
  const bounds = [0, third_, 2 * third_, 16_384];
  for (const [n, node] of [first, second, third].entries()) {
    const [from = 0, to = 0] = bounds.slice(n, n + 2);
    await node.command("CLUSTER", "ADDSLOTSRANGE", `${from}`, `${to - 1}`);
    await node.command("CLUSTER", "SET-CONFIG-EPOCH", `${n + 1}`);
  }
  for (const node of [second, third, replica]) {
    await first.command("CLUSTER", "MEET", "127.0.0.1", `${node.port}`, `${node.busPort}`);
  }
  const slot = Number(await first.command("CLUSTER", "KEYSLOT", "flags"));
  const owner = [first, second, third][Math.floor(slot / third_)] ?? third;
  const others = [first, second, third].filter((node) => node !== owner);
  for (const node of nodes) {
    await until("the cluster", async () => {
      const info = await node.command("CLUSTER", "INFO");
      return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:4");
    });
  }
  await replica.command("CLUSTER", "REPLICATE", await owner.command("CLUSTER", "MYID"));
  await owner.set("flags", document);
  await until("the replica", async () =>
    (await owner.command("INFO", "replication")).includes("state=online"),
  );
  return { owner, others, replica, slot, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const hosts = (...nodes: readonly RedisServer[]) =>
  nodes.map(({ port }) => `127.0.0.1:${port}`).join(",");

describe("a slot that migrates", () => {
  test.each(["before", "after"])("is followed by ASK, the start %s", async (start) => {
    await using nodes = await cluster();
    const [target] = nodes.others as [RedisServer, RedisServer];
    const ids = [
      await nodes.owner.command("CLUSTER", "MYID"),
      await target.command("CLUSTER", "MYID"),
    ] as const;
    const uri = `redis://127.0.0.1:${nodes.owner.port}?key=flags`;
    await using early = start === "before" ? run(uri) : undefined;
    await early?.delivers(document);
    const slot = `${nodes.slot}`;
    await target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[0]);
    await nodes.owner.command("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1]);
    const migrate = ["127.0.0.1", `${target.port}`, "flags", "0", "5000"];
    await nodes.owner.command("MIGRATE", ...migrate, "AUTH2", "admin", "admin");
    await using late = early ? undefined : run(uri);
    const source = early ?? late;
    if (late) await late.delivers(document);
    // Written through the target, as a client does that was told to ASK.
    await target.asking("SET", "flags", changed);
    await source?.delivers(changed);
    for (const node of [target, nodes.owner]) {
      await node.command("CLUSTER", "SETSLOT", slot, "NODE", ids[1]);
    }
    await target.set("flags", document);
    await source?.delivers(document);
    expect(source?.failures).toEqual([]);
  });
});

describe("the owner of the slot that is lost", () => {
  test.each([
    ["dies", async (owner: RedisServer) => await owner.kill()],
    ["hangs", async (owner: RedisServer) => owner.pause()],
  ])("and that %s is followed by its successor", async (_, end) => {
    await using nodes = await cluster();
    await using source = run(`redis+cluster://${hosts(nodes.owner)}?key=flags`);
    await source.delivers(document);
    await until("the other nodes to be known", async () =>
      (await nodes.owner.command("INFO", "commandstats")).includes("cmdstat_cluster|slots"),
    );
    await end(nodes.owner);
    await until("the promotion", async () =>
      (await nodes.replica.command("ROLE")).startsWith("master"),
    );
    await until("the cluster", async () =>
      (await nodes.replica.command("CLUSTER", "INFO")).includes("cluster_state:ok"),
    );
    await nodes.replica.set("flags", changed);
    await source.delivers(changed);
  });

  test("does not keep out who begins while it hangs, nor leads back when it goes on", async () => {
    await using nodes = await cluster();
    const [other] = nodes.others as [RedisServer, RedisServer];
    nodes.owner.pause();
    // The first of the URI hangs, and the second one leads there until it knows better.
    await using source = run(
      `redis+cluster://${hosts(nodes.owner, other, nodes.replica)}?key=flags`,
    );
    await source.delivers(document);
    await until("the cluster", async () =>
      (await nodes.replica.command("CLUSTER", "INFO")).includes("cluster_state:ok"),
    );
    await nodes.replica.set("flags", changed);
    await source.delivers(changed);
    nodes.owner.resume();
    await until("the old owner to follow", async () =>
      (await nodes.owner.command("ROLE")).startsWith("slave"),
    );
    await nodes.replica.set("flags", document);
    await source.delivers(document);
  });

  test("does not keep anybody out who knows another node", async () => {
    await using nodes = await cluster();
    const [other] = nodes.others as [RedisServer, RedisServer];
    await nodes.owner.kill();
    await using source = run(`redis+cluster://${hosts(nodes.owner, other)}?key=flags`);
    await source.delivers(document);
    await nodes.replica.set("flags", changed);
    await source.delivers(changed);
  });
});
