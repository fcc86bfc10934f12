import { type CommandDef, defineCommand } from "citty";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import type { ServingConfig } from "../config/serving.ts";
import type { Log } from "../core/log.ts";
import type { Environment } from "../core/process-info.ts";
import { createLog } from "../telemetry/log/create-log.ts";
import type { Io } from "./io.ts";

/** A command that runs until it is told to stop. */
export function servingCommand<Config extends ServingConfig>(
  name: string,
  io: Io,
  read: (args: readonly string[], environment: Environment) => Promise<Config | undefined>,
  run: (config: Config, log: Log) => Promise<number>,
): CommandDef {
  return defineCommand({
    meta: { name },
    async run({ rawArgs }): Promise<number> {
      const config = await read(rawArgs, io.environment);
      if (!config) {
        await io.print(commandHelp(manualOf(name)));
        return 0;
      }
      const log = createLog({ format: config.logFormat, level: config.logLevel });
      const own = log.with({ component: name });
      if (config.configFile) own.info(`options are read from ${config.configFile}`);
      for (const warning of config.warnings) own.warn(warning);
      return run(config, log);
    },
  });
}
