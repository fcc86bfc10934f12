/** Writes the pages of `docs/` that follow from the code. */
import { commands } from "../src/config/manual/commands.ts";
import { commandLineReference } from "../src/config/manual/markdown.ts";
import { findingsReference } from "./findings-reference.ts";
import { operatorsReference } from "./operators-reference.ts";

await Bun.write("docs/reference/command-line.md", commandLineReference(commands));
await Bun.write("docs/reference/operators.md", operatorsReference());
await Bun.write("docs/reference/findings.md", findingsReference());
