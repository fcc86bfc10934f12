import { readFileSync, statSync } from "node:fs";
import { ConfigError, messageOf } from "../../core/errors.ts";
import { fileErrorText } from "../../core/file-error.ts";
import { followFiles } from "../../core/follow-files.ts";
import { isObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import { parseSelector } from "../../store/selector.ts";
import { type Surface, sha256, surfaces, type Token, TokenTable } from "./token-table.ts";

const members = new Set(["name", "token", "sha256", "surfaces", "selector"]);
const names = /^[\w.@-]{1,64}$/;
const plainTokens = /^[\x21-\x7e]{16,1024}$/;
/** What cannot be confined: metrics, changes and rules are those of all flags. */
const wholeSurfaces = ["management", "page"] as const;
/** Metrics have a series for each. */
const maxTokens = 1_000;

/**
 * Reads `{"tokens": [{"name", "token" or "sha256", "surfaces", "selector"}]}`, in JSON or YAML. Messages name
 * places and no values, which may be secret.
 * @throws ConfigError
 */
export function parseTokens(text: string): TokenTable {
  const { tokens, ...others } = objectOf(read(text), "the file");
  const [other] = Object.keys(others);
  if (other !== undefined) throw problem(`unknown member ${JSON.stringify(other)}`);
  if (!Array.isArray(tokens)) throw problem('there is no list "tokens"');
  if (tokens.length > maxTokens) throw problem(`there are more than ${maxTokens} tokens`);
  const seen = new Map<string, string>();
  const list = tokens.map((value: unknown, index) => {
    const place = `tokens[${index}]`;
    const token = readToken(value, place);
    const earlier = seen.get(token.sha256);
    if (earlier !== undefined) throw problem(`${place} is the same token as ${earlier}`);
    seen.set(token.sha256, place);
    return token;
  });
  return new TokenTable(list);
}

function read(text: string): unknown {
  try {
    const parsed = yaml().parseYaml(text);
    const [error] = parsed.errors;
    if (error === undefined) return parsed.value();
    throw problem(`neither YAML nor JSON at line ${error.line}, column ${error.column}`);
  } catch (error) {
    throw error instanceof ConfigError ? error : problem("neither YAML nor JSON");
  }
}

/**
 * @param place of the name, for the message
 * @throws ConfigError if it is none
 */
export function checkName(name: unknown, place: string): asserts name is string {
  if (typeof name === "string" && names.test(name)) return;
  throw problem(`${place} is not 1 to 64 letters, digits, "_", ".", "@" or "-"`);
}

/** Loaded by the first file: most daemons have none. */
function yaml(): typeof import("../../core/yaml.ts") {
  return require("../../core/yaml.ts");
}

function readToken(value: unknown, place: string): Token {
  const entry = objectOf(value, place);
  const unknown = Object.keys(entry).find((member) => !members.has(member));
  // A misspelt "selector" must not leave a token unconfined.
  if (unknown !== undefined) throw problem(`${place}: unknown member ${JSON.stringify(unknown)}`);
  const { name, token, sha256: hash, selector } = entry;
  checkName(name, `${place}.name`);
  if ((token === undefined) === (hash === undefined)) {
    throw problem(`${place} has to have either "token" or "sha256"`);
  }
  if (token !== undefined && (typeof token !== "string" || !plainTokens.test(token))) {
    throw problem(`${place}.token is not a text of 16 to 1024 visible ASCII characters`);
  }
  if (hash !== undefined && (typeof hash !== "string" || !/^[\da-f]{64}$/i.test(hash))) {
    throw problem(`${place}.sha256 is not 64 hexadecimal digits`);
  }
  const rights = readSurfaces(entry.surfaces, place);
  if (selector !== undefined) {
    const open = wholeSurfaces.find((surface) => rights.has(surface));
    if (open !== undefined) {
      throw problem(
        `${place} has a selector, and ${open} shows every flag: make a token of its own for it`,
      );
    }
  }
  return {
    name,
    sha256: typeof token === "string" ? sha256(token) : String(hash).toLowerCase(),
    surfaces: rights,
    selector: readSelector(selector, place),
  };
}

function readSurfaces(value: unknown, place: string): ReadonlySet<Surface> {
  const known = (entry: unknown): entry is Surface => surfaces.some((surface) => surface === entry);
  if (Array.isArray(value) && value.length > 0 && value.every(known)) return new Set(value);
  throw problem(`${place}.surfaces is not a list of ${surfaces.join(", ")}`);
}

function readSelector(value: unknown, place: string): string | undefined {
  if (value === undefined) return undefined;
  const wrong = problem(`${place}.selector is neither flagSetId=ID nor source=NAME`);
  if (typeof value !== "string" || value === "") throw wrong;
  try {
    parseSelector(value);
  } catch {
    throw wrong;
  }
  return value;
}

function objectOf(value: unknown, place: string): Record<string, unknown> {
  if (isObject(value)) return value;
  throw problem(`${place} is no object`);
}

function problem(message: string): ConfigError {
  return new ConfigError(message);
}

const maxFileBytes = 1 << 20;
const checkMs = 1_000;

/** @throws ConfigError naming the file */
export function readTokens(path: string): TokenTable {
  try {
    const info = statSync(path);
    // To read a pipe would block the whole process.
    if (!info.isFile()) throw new ConfigError("it is no regular file");
    if (info.size > maxFileBytes) throw new ConfigError(`it is larger than ${maxFileBytes} bytes`);
    return parseTokens(readFileSync(path, "utf8"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "there is no such file" : fileErrorText(error);
    throw new ConfigError(`--tokens-path: ${path}: ${reason}`);
  }
}

/**
 * Calls `apply` with the tokens when the file changes. A file that cannot be used leaves the old tokens in use.
 * @returns what ends it
 */
export function followTokens(
  path: string,
  log: Log,
  apply: (tokens: TokenTable) => void,
  everyMs = checkMs,
): () => void {
  return followFiles([path], everyMs, () => {
    try {
      apply(readTokens(path));
      log.info("tokens reloaded", { path });
    } catch (error) {
      log.warn("the changed tokens cannot be used, keeping the previous ones", {
        reason: messageOf(error),
      });
    }
  });
}
