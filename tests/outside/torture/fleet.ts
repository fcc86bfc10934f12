import type { RedisServer } from "../../support/redis.ts";
import type { Chance } from "./chance.ts";
import { cutOff, inNamespace } from "./partition.ts";

/** What can happen to the servers. Resolves when the way to the flags is whole again. */
export interface FleetFault {
  readonly name: string;
  readonly run: (chance: Chance) => Promise<void>;
  /** The server answers nobody in the meantime, and no other one takes its place. */
  readonly away?: boolean;
  /** What a server knew may be lost. */
  readonly forgets?: boolean;
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

/** Faults of a single server, whatever it belongs to. */
export function serverFaults(present: () => RedisServer): readonly [FleetFault, ...FleetFault[]] {
  const partition: FleetFault = {
    name: "partitioned",
    away: true,
    run: async (chance) => {
      const heal = await cutOff(present().port);
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
    ...(inNamespace ? [partition] : []),
    {
      name: "FLUSHALL",
      forgets: true,
      run: async () => void (await present().command("FLUSHALL")),
    },
  ];
}
