import { defineCommand } from "citty";
import { parseArguments } from "../config/argv.ts";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { versionLine } from "../core/build-info.ts";
import type { Io } from "./io.ts";

/** `flagd version`: what was built when. */
export const version = (io: Io) =>
  defineCommand({
    meta: { name: "version" },
    async run({ rawArgs }): Promise<number> {
      const manual = manualOf("version");
      const { help } = parseArguments(rawArgs, manual.options);
      await io.print(help ? commandHelp(manual) : `${versionLine}\n`);
      return 0;
    },
  });
