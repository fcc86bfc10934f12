import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { fileErrorText } from "../core/file-error.ts";
import { parseJson } from "../core/json-syntax.ts";
import type { Environment } from "../core/process-info.ts";

/** A configuration file that was read. */
export interface ConfigFile {
  readonly path: string;
  /** Lower-cased key → value. */
  readonly values: ReadonlyMap<string, unknown>;
  /** What other readers of YAML make something else of. */
  readonly warnings: readonly string[];
}

/**
 * Reads the file of `--config`, or the default one if `path` is empty: `$HOME/.agent.yaml`,
 * `$HOME/.agent`; undefined if there is neither. A folder, or what may not be read, is none:
 * nobody named it, and the home may be another user's.
 * @throws ConfigError for a file that is missing or is no mapping in YAML or JSON
 */
export async function readConfigFile(
  path: string,
  environment: Environment,
): Promise<ConfigFile | undefined> {
  if (path !== "") return read(path, await readFile(path, "utf8").catch(refuse(path)));
  const home = environment.HOME;
  if (!home) return undefined;
  for (const name of [".agent.yaml", ".agent"]) {
    const implied = join(home, name);
    const text = await readFile(implied, "utf8").catch(() => undefined);
    if (text !== undefined) return read(implied, text);
  }
  return undefined;
}

function refuse(path: string) {
  return (error: NodeJS.ErrnoException): never => {
    const { code } = error;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new ConfigError(`--config ${path}: no such file`);
    }
    throw new ConfigError(`configuration file ${path} cannot be read: ${fileErrorText(error)}`);
  };
}

async function read(path: string, text: string): Promise<ConfigFile> {
  const { value, warnings } = await parse(path, text.replace(/^\uFEFF/, ""));
  return { path, values: lowerCased(path, value), warnings };
}

async function parse(
  path: string,
  text: string,
): Promise<{ readonly value: unknown; readonly warnings: readonly string[] }> {
  const extension = extname(path).toLowerCase();
  if (extension === ".json") {
    const value = parseJson(text, (problem) => {
      throw new ConfigError(`configuration file ${path}: ${problem}`);
    });
    return { value, warnings: [] };
  }
  if (![".yaml", ".yml", ""].includes(extension)) {
    throw new ConfigError(
      `configuration file ${path}: unknown format "${extension}", expected .yaml, .yml or .json`,
    );
  }
  // Loaded only if a file is used: it would cost every start some milliseconds.
  const { parseYaml } = await import("../core/yaml.ts");
  const invalid = (reason: string) =>
    new ConfigError(`configuration file ${path} is not valid YAML${reason}`);
  try {
    const parsed = parseYaml(text);
    const [error] = parsed.errors;
    if (error)
      throw invalid(` at line ${error.line}, column ${error.column}: ${bare(error.message)}`);
    const warnings = parsed.dates.map(
      ({ path: keys, text }) =>
        `${path}: ${keys.join(".")}: the date ${text} is read as text: write it in quotes`,
    );
    return { value: parsed.value(), warnings };
  } catch (error) {
    throw error instanceof ConfigError
      ? error
      : invalid(`: ${bare(`${(error as Error).message}`)}`);
  }
}

/** The parser's own message up to the place where it repeats the text, which may hold a secret. */
function bare(message: string): string {
  return message.replace(/ at line \d.*|:\s.*/s, "");
}

function lowerCased(path: string, value: unknown): Map<string, unknown> {
  if (value === null || value === undefined) return new Map();
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new ConfigError(
      `configuration file ${path}: expected a mapping of option names to values`,
    );
  }
  return new Map(Object.entries(value).map(([key, member]) => [key.toLowerCase(), member]));
}
