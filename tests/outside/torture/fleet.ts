import type { RedisServer } from "../../support/redis.ts";
import { until } from "../../support/until.ts";
import type { Chance } from "./chance.ts";
import { cutOff, groups, inNamespace } from "./partition.ts";

/** What can happen to the servers. Resolves when the way to the flags is whole again. */
export interface FleetFault {
  readonly name: string;
  readonly run: (chance: Chance) => Promise<void>;
  /** The server answers nobody in the meantime, and no other one takes its place. */
  readonly away?: boolean;
  /** What a server knew may be lost. */
  readonly forgets?: boolean;
  /** Only for this client. */
  readonly client?: "direct" | "relayed";
  /** It concerns what is not on the way: flags are written, and have to be seen, while it lasts. */
  readonly whole?: boolean;
}

/** Servers that hold the flags in one way or another. */
export interface Fleet extends AsyncDisposable {
  /** Without `?key=`. */
  readonly uri: string;
  readonly servers: readonly RedisServer[];
  readonly faults: readonly [FleetFault, ...FleetFault[]];
  /** Runs a command where the flags are written. @throws until that is possible */
  write(...command: readonly string[]): Promise<string>;
}

/**
 * Faults of a single server, whatever it belongs to, and between it and those that read it.
 * @param others ports of what is not needed for as long as nothing changes: Sentinels, other nodes
 */
export function serverFaults(
  present: () => RedisServer,
  others: () => readonly number[] = () => [],
): readonly [FleetFault, ...FleetFault[]] {
  const partition: FleetFault = {
    name: "partitioned",
    away: true,
    run: async (chance) => {
      const heal = await cutOff([present().port]);
      await Bun.sleep(chance.between(50, 900));
      await heal();
    },
  };
  const script =
    "local t=redis.call('TIME') local e=t[1]*1000000+t[2]+ARGV[1]*1000 " +
    "repeat t=redis.call('TIME') until t[1]*1000000+t[2]>e";
  return [
    {
      name: "connections cut",
      run: async () => void (await present().command("CLIENT", "KILL", "TYPE", "normal")),
    },
    {
      name: "busy script",
      away: true,
      run: async (chance) =>
        void (await present().command("EVAL", script, "0", `${chance.between(100, 900)}`)),
    },
    {
      name: "stopped and continued",
      away: true,
      run: async (chance) => {
        const server = present();
        server.pause();
        await Bun.sleep(chance.between(50, 400));
        server.resume();
        await server.command("TIME");
      },
    },
    ...(inNamespace ? [partition, ...clientPartitions(present, others)] : []),
    {
      name: "clock of the server moved",
      whole: true,
      run: async (chance) => {
        const server = present();
        server.moveClock(chance.between(-day, day));
        await Bun.sleep(chance.between(500, 2000));
        server.moveClock(0);
        // It may have taken other nodes for dead meanwhile.
        await until("the server to work", () => server.command("EXPIRE", "flags", "100000"), 60);
      },
    },
    {
      name: "FLUSHALL",
      forgets: true,
      run: async () => void (await present().command("FLUSHALL")),
    },
  ];
}

/** Less than the expiry of the flags. In seconds. */
const day = 86_400;

/** What one of those that read Redis cannot reach, while the others can. */
function clientPartitions(
  present: () => RedisServer,
  others: () => readonly number[],
): readonly FleetFault[] {
  const apart = async (ports: readonly number[], group: number, ms: number) => {
    const heal = await cutOff(ports, group);
    await Bun.sleep(ms);
    await heal();
  };
  return (["direct", "relayed"] as const).flatMap((client) => {
    const reader = client === "direct" ? "a daemon" : "redis-sync";
    const fromServer: FleetFault = {
      name: `${reader} cut off from the server`,
      client,
      away: true,
      run: (chance) => apart([present().port], groups[client], chance.between(50, 3000)),
    };
    const fromOthers: FleetFault = {
      name: `${reader} cut off from all others`,
      client,
      whole: true,
      run: (chance) => apart(others(), groups[client], chance.between(500, 3000)),
    };
    return others().length > 0 ? [fromServer, fromOthers] : [fromServer];
  });
}
