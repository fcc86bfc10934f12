import { defineCommand } from "citty";
import { parseArguments } from "../config/argv.ts";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { versionLine } from "../core/build-info.ts";
import { ConfigError } from "../core/config-error.ts";
import type { Io } from "./io.ts";

// Replaced at build time; not there when run from source.
declare const FLAGD_LICENSES: string | undefined;

/** `flagd version`: what was built when; with `--licenses`, under which licences its parts are. */
export const version = (io: Io) =>
  defineCommand({
    meta: { name: "version" },
    async run({ rawArgs }): Promise<number> {
      const manual = manualOf("version");
      const { help, options } = parseArguments(rawArgs, manual.options);
      if (help) await io.print(commandHelp(manual));
      else if (options.get("licenses")?.at(-1) === "true") await io.print(licenses());
      else await io.print(`${versionLine}\n`);
      return 0;
    },
  });

function licenses(): string {
  if (typeof FLAGD_LICENSES === "string") return FLAGD_LICENSES;
  throw new ConfigError("only the built executable has the licences of its parts: npm run build");
}
