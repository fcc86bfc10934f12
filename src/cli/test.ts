import { type CommandDef, defineCommand } from "citty";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { startOptions } from "../config/options/start-options.ts";
import { testOptions } from "../config/options/tool-options.ts";
import { resolveOptions } from "../config/resolve.ts";
import { sourceOfWord } from "../config/sources/source-of-word.ts";
import { ConfigError } from "../core/errors.ts";
import type { Environment } from "../core/process-info.ts";
import { readSource } from "../runtime/read-source.ts";
import { readCaseFile } from "../runtime/test/case-file.ts";
import { type FileResult, runCases } from "../runtime/test/run-cases.ts";
import type { SourceConfig } from "../sources/source-table.ts";
import { type Io, paletteOf } from "./io.ts";
import { isFailed, reports } from "./test-report.ts";

/** Everything that `flagd test` is told. */
interface TestConfig {
  /** Paths. */
  readonly files: readonly string[];
  readonly format: "text" | "junit" | "tap";
  /**
   * The source that a file of cases names.
   * @throws ConfigError
   */
  sourceOf(word: string): SourceConfig;
}

/**
 * The configuration of `flagd test`; undefined if help was asked for.
 * @param args what follows `test` on the command line
 * @throws ConfigError
 */
async function readTestConfig(
  args: readonly string[],
  environment: Environment,
): Promise<TestConfig | undefined> {
  const resolved = await resolveOptions(testOptions, args, environment, startOptions, true);
  if (!resolved) return undefined;
  const { values, words } = resolved;
  if (words.length === 0) throw new ConfigError("no FILE: name one or more files of cases");
  return { files: words, format: values.format, sourceOf: (word) => sourceOfWord(word, values) };
}

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
