import { randomBytes } from "node:crypto";
import { defineCommand } from "citty";
import { parseArguments } from "../config/argv.ts";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { ConfigError } from "../core/errors.ts";
import { newTokenLine } from "../runtime/access.ts";
import type { Io } from "./io.ts";

/** `flagd token new NAME` */
export const token = (io: Io) =>
  defineCommand({
    meta: { name: "token" },
    async run({ rawArgs }): Promise<number> {
      const manual = manualOf("token");
      const { help, positional } = parseArguments(rawArgs, manual.options);
      const [verb, name, ...more] = positional;
      if (help) {
        await io.print(commandHelp(manual));
        return 0;
      }
      if (verb !== "new" || name === undefined || more.length > 0) {
        throw new ConfigError("expected: flagd token new <name>");
      }
      const made = `flagd_${randomBytes(32).toString("base64url")}`;
      await io.print(`${made}\n${newTokenLine(name, made)}\n`);
      return 0;
    },
  });
