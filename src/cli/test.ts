import { type CommandDef, defineCommand } from "citty";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { readTestConfig, type TestConfig } from "../config/test.ts";
import { readSource } from "../runtime/read-source.ts";
import { readCaseFile } from "../runtime/test/case-file.ts";
import { type FileResult, runCases } from "../runtime/test/run-cases.ts";
import type { Io } from "./io.ts";
import { paletteOf } from "./palette.ts";
import { isFailed, reports } from "./test-report.ts";

/** `flagd test`: flags against files of cases. */
export const test = (io: Io): CommandDef =>
  defineCommand({
    meta: { name: "test" },
    async run({ rawArgs }): Promise<number> {
      const config = await readTestConfig(rawArgs, io.environment);
      if (!config) {
        await io.print(commandHelp(manualOf("test")));
        return 0;
      }
      const results = await Promise.all(config.files.map((path) => resultOf(path, config)));
      await io.print(reports[config.format](results, await paletteOf(io)));
      return results.some(({ cases }) => cases.some(isFailed)) ? 1 : 0;
    },
  });

async function resultOf(path: string, config: TestConfig): Promise<FileResult> {
  const file = await readCaseFile(path);
  const documents = await Promise.all(file.flags.map((word) => readSource(config.sourceOf(word))));
  return runCases(file, documents);
}
