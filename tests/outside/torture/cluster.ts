import { RedisServer, type RedisServerOptions } from "../../support/redis.ts";
import { until } from "../../support/until.ts";
import { type Fleet, type FleetFault, serverFaults } from "./fleet.ts";
import { cutOff, grouped, inNamespace, nodeGroup } from "./partition.ts";

/** A cluster of three masters with a replica each. */
export async function startCluster(options: () => RedisServerOptions): Promise<Fleet> {
  const stack = new AsyncDisposableStack();
  const clustered = (index: number): RedisServerOptions => {
    const { config = [], ...more } = options();
    const own = [
      ["cluster-enabled", "yes"],
      ["cluster-node-timeout", "2500"],
      ["protected-mode", "no"],
    ];
    return { ...more, ...grouped(nodeGroup(index)), config: [...config, ...own] };
  };
  const servers: RedisServer[] = [];
  for (let n = 0; n < 6; n++) servers.push(stack.use(await RedisServer.start(clustered(n))));
  const [first] = servers as [RedisServer];
  const bounds = [0, 5461, 10_922, 16_384];
  for (const [n, server] of servers.entries()) {
    await server.command("CLUSTER", "SET-CONFIG-EPOCH", `${n + 1}`);
    if (n < 3) {
      const [from = 0, to = 0] = bounds.slice(n, n + 2);
      await server.command("CLUSTER", "ADDSLOTSRANGE", `${from}`, `${to - 1}`);
    }
    if (n > 0) {
      await first.command("CLUSTER", "MEET", "127.0.0.1", `${server.port}`, `${server.busPort}`);
    }
  }
  const whole = (server: RedisServer) => async () => {
    const info = await server.command("CLUSTER", "INFO");
    return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:6");
  };
  for (const server of servers) await until("the cluster", whole(server), 60);
  const slot = await first.command("CLUSTER", "KEYSLOT", "flags");
  for (const [n, server] of servers.slice(3).entries()) {
    const id = (await servers[n]?.command("CLUSTER", "MYID")) ?? "";
    await until("the replica", () => server.command("CLUSTER", "REPLICATE", id), 60);
  }
  let owner = servers[bounds.findIndex((bound) => bound > Number(slot)) - 1] ?? first;

  /** Those that take writes, the owner first. */
  const masters = async () => {
    const roles = await Promise.all(
      servers.map(async (server) => {
        const role = server.command("ROLE").catch(() => "");
        // One that hangs is none.
        return (await Promise.race([role, Bun.sleep(300).then(() => "")])).slice(0, 6);
      }),
    );
    const all = servers.filter((_, n) => roles[n] === "master");
    return [...all.filter((server) => server === owner), ...all.filter((each) => each !== owner)];
  };
  const write = async (...command: readonly string[]) => {
    const known = await Promise.race([
      owner.command(...command).catch(() => undefined),
      Bun.sleep(2000),
    ]);
    if (known !== undefined) return known;
    let reason: unknown = new Error("there is no master");
    for (const server of await masters()) {
      try {
        const answer = await server.command(...command);
        owner = server;
        return answer;
      } catch (error) {
        reason = error;
      }
    }
    throw reason;
  };
  /** The owner has a replica that could follow it, and one that came back takes itself for the owner no longer. */
  const settled = () =>
    until(
      "three masters and three replicas that know each other",
      async () => {
        const info = await owner.command("INFO", "replication");
        if (!info.includes("state=online") || (await masters()).length !== 3) return false;
        return (await Promise.all(servers.map((server) => whole(server)()))).every(Boolean);
      },
      60,
    );
  /** What another node than the owner takes: that is its successor. */
  const successor = (old: RedisServer) =>
    until(
      "the successor",
      async () => {
        for (const server of servers.filter((each) => each !== old)) {
          const answer = server.command("EXPIRE", "flags", "100000");
          if (await answer.catch(() => undefined)) return server;
        }
        return undefined;
      },
      60,
    );
  /** It answers nobody until another one has followed it, and then comes back with what it had. */
  const hung: FleetFault = {
    name: "owner hung until another one follows",
    run: async (chance) => {
      await settled();
      const old = owner;
      old.pause();
      owner = (await successor(old)) ?? owner;
      void Bun.sleep(chance.between(0, 2000)).then(() => old.resume());
    },
  };
  /** It sees no other node, and says so to its clients after the node timeout; another one follows. */
  const isolated: FleetFault = {
    name: "owner cut off from the other nodes until another one follows",
    run: async (chance) => {
      await settled();
      const old = owner;
      const heals = [
        await cutOff([old.busPort]),
        await cutOff(
          servers.map(({ busPort }) => busPort),
          nodeGroup(servers.indexOf(old)),
        ),
      ];
      owner = (await successor(old)) ?? owner;
      void Bun.sleep(chance.between(0, 2000)).then(() => Promise.all(heals.map((heal) => heal())));
    },
  };
  await settled();
  return {
    uri: `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}`,
    servers,
    write,
    faults: [
      ...serverFaults(
        () => owner,
        () => servers.filter((server) => server !== owner).map(({ port }) => port),
      ),
      hung,
      ...(inNamespace ? [isolated] : []),
      {
        name: "owner killed",
        run: async () => {
          await settled();
          const old = owner;
          await old.kill();
          const touch = ["EXPIRE", "flags", "100000"] as const;
          await until("the successor", async () => (await write(...touch)) !== "", 60);
          void old.start(clustered(servers.indexOf(old))).catch(() => {});
        },
      },
      {
        name: "slot migrated",
        run: async () => {
          // A master that was cut off may still take itself for one.
          await settled();
          const all = await masters();
          const target = all.find((server) => server !== owner);
          if (!target) return;
          const [from, to] = [
            await owner.command("CLUSTER", "MYID"),
            await target.command("CLUSTER", "MYID"),
          ];
          await target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", from);
          await owner.command("CLUSTER", "SETSLOT", slot, "MIGRATING", to);
          const place = ["127.0.0.1", `${target.port}`, "flags", "0", "5000"];
          await owner.command("MIGRATE", ...place, "AUTH2", "admin", "admin");
          for (const server of [target, ...all.filter((each) => each !== target)]) {
            await server.command("CLUSTER", "SETSLOT", slot, "NODE", to);
          }
          owner = target;
        },
      },
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
