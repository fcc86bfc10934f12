import { ConfigError } from "../core/errors.ts";
import { quote } from "../core/message-text.ts";
import { didYouMean } from "../core/nearest.ts";
import type { Environment } from "../core/process-info.ts";
import type { RedisSourceConfig } from "../sources/redis/redis-kind.ts";
import { readMember } from "./kinds/collections.ts";
import { redisOptions } from "./options/redis-options.ts";
import { startOptions } from "./options/start-options.ts";
import { redisSource } from "./redis-sync-config.ts";
import { resolveOptions } from "./resolve.ts";
import { sourceOfWord } from "./sources/source-of-word.ts";

/** What `flagd redis` does. */
export const redisVerbs = [
  "get",
  "push",
  "set",
  "toggle",
  "delete",
  "diff",
  "history",
  "rollback",
] as const;
type RedisVerb = (typeof redisVerbs)[number];

/** Everything that `flagd redis` is told. */
export interface RedisCommandConfig {
  readonly verb: RedisVerb;
  /** What follows the verb. */
  readonly words: readonly string[];
  readonly source: RedisSourceConfig;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly strict: boolean;
  /** Empty: whatever version there is. */
  readonly base: string;
  readonly message: string;
  /** Changes that are kept; 0: none. */
  readonly keep: number;
  readonly json: boolean;
}

/** How many words follow each verb, and which. */
const wordsOf: Readonly<Record<RedisVerb, readonly [min: number, max: number, shown: string]>> = {
  get: [0, Number.POSITIVE_INFINITY, "[KEY…]"],
  push: [1, 1, "FILE"],
  set: [2, Number.POSITIVE_INFINITY, "KEY MEMBER=VALUE…"],
  toggle: [1, 1, "KEY"],
  delete: [1, Number.POSITIVE_INFINITY, "KEY…"],
  diff: [1, 1, "FILE"],
  history: [0, 0, ""],
  rollback: [0, 1, "[CHANGES]"],
};

/**
 * The configuration of `flagd redis`; undefined if help was asked for.
 * @param args what follows `redis` on the command line
 * @throws ConfigError
 */
export async function readRedisConfig(
  args: readonly string[],
  environment: Environment,
): Promise<RedisCommandConfig | undefined> {
  const resolved = await resolveOptions(redisOptions, args, environment, startOptions, true);
  if (!resolved) return undefined;
  const { values } = resolved;
  const [given, ...words] = resolved.words;
  const verb = redisVerbs.find((name) => name === given);
  if (verb === undefined) {
    const expected = `expected ${redisVerbs.slice(0, -1).join(", ")} or ${redisVerbs.at(-1)}`;
    if (given === undefined) throw new ConfigError(`nothing to do: ${expected}`);
    throw new ConfigError(
      `unknown verb ${quote(given)}: ${expected}${didYouMean(given, redisVerbs)}`,
    );
  }
  const [min, max, shown] = wordsOf[verb];
  if (words.length < min || words.length > max) {
    throw new ConfigError(`expected: flagd redis ${verb} ${shown}`.trimEnd());
  }
  const uri = values["redis-uri"].trim();
  const source = uri.startsWith("{")
    ? redisObject(uri, values)
    : redisSource("redis", resolved, { interval: 30, watch: false });
  return {
    verb,
    words,
    source,
    yes: values.yes,
    dryRun: values["dry-run"],
    strict: values.strict,
    base: values.base,
    message: values.message,
    keep: values["no-history"] ? 0 : values["keep-history"],
    json: values.output === "json",
  };
}

/** An object as `--sources` has it: with what a URI has no place for, such as the password of Sentinels. */
function redisObject(text: string, login: Parameters<typeof sourceOfWord>[1]): RedisSourceConfig {
  const source = sourceOfWord(text, login);
  if (source.provider === "redis") return source;
  throw new ConfigError(`--redis-uri: a source of provider ${source.provider}, not redis`);
}

/** Members of a flag that are texts whatever they look like. */
const texts = new Set(["state", "defaultVariant"]);

/**
 * `defaultVariant=loud`, `variants.loud="text"`, `targeting={"if":[…]}`: dots lead into objects, values are written
 * as for `evaluate -c`.
 * @throws ConfigError
 */
export function readMemberValue(word: string) {
  const [path, value] = memberOf(word);
  const [name = ""] = path;
  if (texts.has(name) && path.length === 1) {
    const text = word.slice(word.indexOf("=") + 1);
    return { path, value: text === "null" ? null : text };
  }
  return { path, value };
}

function memberOf(word: string): ReturnType<typeof readMember> {
  try {
    return readMember(word);
  } catch {
    throw new ConfigError(`${quote(word)} is not MEMBER=VALUE, such as defaultVariant=on`);
  }
}

/** @throws ConfigError */
export function readCount(word: string | undefined): number {
  if (word === undefined) return 1;
  const count = /^\d{1,4}$/.test(word) ? Number(word) : 0;
  if (count > 0) return count;
  throw new ConfigError(`expected a number of changes to take back, found ${quote(word)}`);
}
