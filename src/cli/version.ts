import { defineCommand } from "citty";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { versionOptions } from "../config/options/version.ts";
import { commandLineValues } from "../config/resolve.ts";
import { buildInfo, versionLine } from "../core/build-info.ts";
import type { Io } from "./io.ts";

/** `flagd version`: what was built when. */
export const version = (io: Io) =>
  defineCommand({
    meta: { name: "version" },
    async run({ rawArgs }): Promise<number> {
      const manual = manualOf("version");
      const values = commandLineValues(versionOptions, rawArgs);
      const line = values?.output === "json" ? JSON.stringify(buildInfo) : versionLine;
      await io.print(values ? `${line}\n` : commandHelp(manual));
      return 0;
    },
  });
