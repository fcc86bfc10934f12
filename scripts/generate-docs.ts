/** Writes the pages of `docs/` that follow from the code. */
import { commands } from "../src/config/manual/commands.ts";
import { commandLineReference } from "../src/config/manual/markdown.ts";

await Bun.write("docs/reference/command-line.md", commandLineReference(commands));
