import { defineCommand } from "citty";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { readStartConfig } from "../config/start.ts";
import { createLog } from "../telemetry/logging/create-log.ts";
import type { Io } from "./io.ts";

/** `flagd start`: the daemon. */
export const start = (io: Io) =>
  defineCommand({
    meta: { name: "start" },
    async run({ rawArgs }): Promise<number> {
      const config = await readStartConfig(rawArgs, io.environment);
      if (!config) {
        await io.print(commandHelp(manualOf("start")));
        return 0;
      }
      if (config.configFile) await io.complain(`using config file: ${config.configFile}\n`);
      const log = createLog({ format: config.logFormat, debug: config.debug });
      for (const warning of config.warnings) log.warn(warning, { component: "start" });
      // Not before the options are known to be right: help and errors need nothing of the daemon.
      const { runStart } = await import("../runtime/start.ts");
      return runStart(config, log);
    },
  });
