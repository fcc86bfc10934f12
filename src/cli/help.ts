import { defineCommand } from "citty";
import { parseArguments } from "../config/argv.ts";
import { commands, manualOf } from "../config/manual/commands.ts";
import { commandHelp, overview } from "../config/manual/help.ts";
import type { Io } from "./io.ts";

/** `flagd help [command]` */
export const help = (io: Io) =>
  defineCommand({
    meta: { name: "help" },
    async run({ rawArgs }): Promise<number> {
      const manual = manualOf("help");
      const given = parseArguments(rawArgs, manual.options);
      const [topic] = given.help ? ["help"] : given.positional;
      await io.print(topic === undefined ? overview(commands) : commandHelp(manualOf(topic)));
      return 0;
    },
  });
