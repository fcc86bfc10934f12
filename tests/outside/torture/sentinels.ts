import { RedisServer, type RedisServerOptions } from "../../support/redis.ts";
import { RedisSentinel } from "../../support/redis-sentinel.ts";
import { until } from "../../support/until.ts";
import { type Fleet, type FleetFault, serverFaults } from "./fleet.ts";
import { cutOff, grouped, groups, inNamespace } from "./partition.ts";

/** No shorter fault, nor a busy machine, makes them choose another master. */
const patience = ["sentinel down-after-milliseconds mymaster 2500"];

/** A master, two replicas and three Sentinels. */
export async function startSentinels(options: () => RedisServerOptions): Promise<Fleet> {
  const stack = new AsyncDisposableStack();
  const open = (): RedisServerOptions => {
    const { config = [], ...more } = options();
    return { ...more, config: [...config, ["protected-mode", "no"]] };
  };
  const servers: RedisServer[] = [];
  for (let n = 0; n < 3; n++) servers.push(stack.use(await RedisServer.start(open())));
  let [master] = servers as [RedisServer];
  for (const server of servers.slice(1)) {
    await server.command("REPLICAOF", "127.0.0.1", `${master.port}`);
  }
  const sentinels: RedisSentinel[] = [];
  for (let n = 0; n < 3; n++) {
    const running = { executable: options().executable, ...grouped(groups.sentinels) };
    sentinels.push(stack.use(await RedisSentinel.start(master.port, 2, patience, running)));
  }
  const settled = () =>
    until(
      "the Sentinels to know all",
      async () => {
        const infos = await Promise.all(sentinels.map((each) => each.command("INFO", "sentinel")));
        const info = await master.command("INFO", "replication");
        return (
          infos.every((text) => /status=ok,\S*slaves=2,sentinels=3/.test(text)) &&
          (info.match(/state=online/g) ?? []).length === 2
        );
      },
      60,
    );
  const promotion = async (old: RedisServer) => {
    const roles = servers
      .filter((server) => server !== old)
      .map(
        async (server) =>
          (await server.command("ROLE").catch(() => "")).startsWith("master") && server,
      );
    return (await Promise.all(roles)).find((server) => server !== false);
  };
  /** The old master lives, and takes itself for the master until it is told otherwise. */
  const partition = (from: "all" | "the Sentinels"): FleetFault => ({
    name: `master partitioned from ${from} until another one is chosen`,
    run: async (chance) => {
      await settled();
      const old = master;
      const heal = await cutOff([old.port], from === "all" ? undefined : groups.sentinels);
      master = (await until("the promotion", () => promotion(old), 60)) || master;
      void Bun.sleep(chance.between(0, 2000)).then(heal);
    },
  });
  await settled();
  return {
    uri: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",")}/mymaster`,
    servers,
    write: (...command) => master.command(...command),
    faults: [
      ...serverFaults(
        () => master,
        () => sentinels.map(({ port }) => port),
      ),
      ...(inNamespace ? [partition("all"), partition("the Sentinels")] : []),
      {
        name: "failover",
        run: async () => {
          await settled();
          await sentinels[0]?.command("SENTINEL", "FAILOVER", "mymaster");
          const old = master;
          master = (await until("the promotion", () => promotion(old), 60)) || master;
        },
      },
      {
        name: "master killed",
        run: async () => {
          await settled();
          const old = master;
          await old.kill();
          master = (await until("the promotion", () => promotion(old), 60)) || master;
          // It is empty, and takes itself for a master until the Sentinels tell it otherwise.
          void old.start(open()).catch(() => {});
        },
      },
    ],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
