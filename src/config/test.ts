import { ConfigError } from "../core/config-error.ts";
import type { Environment } from "../core/environment.ts";
import type { SourceConfig } from "../sources/source-kinds.ts";
import { startOptions } from "./options/start.ts";
import { testOptions } from "./options/test.ts";
import { resolveOptions } from "./resolve.ts";
import { sourceOfWord } from "./sources/source-of-word.ts";

/** Everything that `flagd test` is told. */
export interface TestConfig {
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
export async function readTestConfig(
  args: readonly string[],
  environment: Environment,
): Promise<TestConfig | undefined> {
  const resolved = await resolveOptions(testOptions, args, environment, startOptions, true);
  if (!resolved) return undefined;
  const { values, words } = resolved;
  if (words.length === 0) throw new ConfigError("no FILE: name one or more files of cases");
  return { files: words, format: values.format, sourceOf: (word) => sourceOfWord(word, values) };
}
