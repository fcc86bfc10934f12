import { RedisServer, type RedisServerOptions } from "../../support/redis.ts";
import { type Fleet, serverFaults } from "./fleet.ts";

/** One server. */
export async function startSingle(options: () => RedisServerOptions): Promise<Fleet> {
  const server = await RedisServer.start(options());
  return {
    uri: `redis://127.0.0.1:${server.port}`,
    servers: [server],
    write: (...command) => server.command(...command),
    faults: [
      ...serverFaults(() => server),
      {
        name: "killed and started",
        away: true,
        forgets: true,
        run: async (chance) => {
          await server.kill();
          await Bun.sleep(chance.between(0, 1500));
          await server.start(options());
        },
      },
    ],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
