import { defineCommand } from "citty";
import { parseArguments } from "../config/argv.ts";
import {
  type CommandManual,
  commands,
  manualOf,
  type Shell,
  shells,
} from "../config/manual/commands.ts";
import {
  bashCompletion,
  fishCompletion,
  zshCompletion,
} from "../config/manual/completion-scripts.ts";
import { commandHelp } from "../config/manual/help.ts";
import { ConfigError } from "../core/errors.ts";
import { quote } from "../core/message-text.ts";
import { didYouMean } from "../core/nearest.ts";
import type { Io } from "./io.ts";

const scripts: Readonly<Record<Shell, (commands: readonly CommandManual[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** `flagd completion <shell>` */
export const completion = (io: Io) =>
  defineCommand({
    meta: { name: "completion" },
    async run({ rawArgs }): Promise<number> {
      const manual = manualOf("completion");
      const { help, positional } = parseArguments(rawArgs, manual.options);
      const [name] = positional;
      const shell = shells.find((candidate) => candidate === name);
      if (help) {
        await io.print(commandHelp(manual));
      } else if (shell) {
        await io.print(scripts[shell](commands));
      } else {
        const problem = name === undefined ? "no shell named" : `unknown shell ${quote(name)}`;
        const hint = name === undefined ? "" : didYouMean(name, shells);
        throw new ConfigError(`${problem}: expected ${shells.join(", ")}${hint}`);
      }
      return 0;
    },
  });
