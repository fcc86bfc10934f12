import { readStartConfig } from "../config/start-config.ts";
import { runStart } from "../runtime/run-start.ts";
import type { Io } from "./io.ts";
import { servingCommand } from "./serving-command.ts";

/** `flagd start`: the daemon. */
export const start = (io: Io) => servingCommand("start", io, readStartConfig, runStart);
