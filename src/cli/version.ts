import { defineCommand } from "citty";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { versionOptions } from "../config/options/tool-options.ts";
import { commandLineValues } from "../config/resolve.ts";
import { ConfigError } from "../core/errors.ts";
import { buildInfo, versionLine } from "../core/process-info.ts";
import type { Io } from "./io.ts";

// Replaced at build time; not there when run from source.
declare const FLAGD_LICENSES: string | undefined;

/** `flagd version`: what was built when; with `--licenses`, under which licences its parts are. */
export const version = (io: Io) =>
  defineCommand({
    meta: { name: "version" },
    async run({ rawArgs }): Promise<number> {
      const manual = manualOf("version");
      const values = commandLineValues(versionOptions, rawArgs);
      const line = values?.output === "json" ? JSON.stringify(buildInfo) : versionLine;
      if (!values) await io.print(commandHelp(manual));
      else
        await io.print(
          values.licenses
            ? licenses()
            : `${line}
`,
        );
      return 0;
    },
  });

function licenses(): string {
  if (typeof FLAGD_LICENSES === "string") return FLAGD_LICENSES;
  throw new ConfigError("only the built executable has the licences of its parts: npm run build");
}
