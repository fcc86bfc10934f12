import { defineCommand } from "citty";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { readRedisSyncConfig } from "../config/redis-sync.ts";
import { runRedisSync } from "../runtime/redis-sync.ts";
import { createLog } from "../telemetry/logging/create-log.ts";
import type { Io } from "./io.ts";

/** `flagd redis-sync`: one poller of Redis for many daemons. */
export const redisSync = (io: Io) =>
  defineCommand({
    meta: { name: "redis-sync" },
    async run({ rawArgs }): Promise<number> {
      const config = await readRedisSyncConfig(rawArgs, io.environment);
      if (!config) {
        await io.print(commandHelp(manualOf("redis-sync")));
        return 0;
      }
      if (config.configFile) await io.complain(`using config file: ${config.configFile}\n`);
      const log = createLog({ format: config.logFormat, debug: config.debug });
      for (const warning of config.warnings) log.warn(warning, { component: "redis-sync" });
      return runRedisSync(config, log);
    },
  });
