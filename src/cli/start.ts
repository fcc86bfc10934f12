import { readStartConfig } from "../config/start-config.ts";
import { runStart } from "../runtime/start.ts";
import type { Io } from "./io.ts";
import { servingCommand } from "./serve.ts";

/** `flagd start`: the daemon. */
export const start = (io: Io) => servingCommand("start", io, readStartConfig, runStart);
