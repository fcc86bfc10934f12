import { defineCommand } from "citty";
import { parseArguments } from "../config/argv.ts";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { flagDocumentSchema } from "../runtime/validation/json-schema.ts";
import type { Io } from "./io.ts";

/** `flagd schema`: for editors that complete and check flag documents. */
export const schema = (io: Io) =>
  defineCommand({
    meta: { name: "schema" },
    async run({ rawArgs }): Promise<number> {
      const manual = manualOf("schema");
      const { help } = parseArguments(rawArgs, manual.options);
      const text = `${JSON.stringify(flagDocumentSchema(), null, 2)}\n`;
      await io.print(help ? commandHelp(manual) : text);
      return 0;
    },
  });
