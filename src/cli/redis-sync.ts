import { readRedisSyncConfig } from "../config/redis-sync-config.ts";
import { runRedisSync } from "../runtime/run-redis-sync.ts";
import type { Io } from "./io.ts";
import { servingCommand } from "./serving-command.ts";

/** `flagd redis-sync`: one poller of Redis for many daemons. */
export const redisSync = (io: Io) =>
  servingCommand("redis-sync", io, readRedisSyncConfig, runRedisSync);
