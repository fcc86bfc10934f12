import { ConfigError } from "../../core/errors.ts";
import { parseJson } from "../../core/json-syntax.ts";
import type { RedisSecrets, RedisSourceConfig } from "../../sources/redis/redis-kind.ts";
import { type SourceConfig, sourceKinds } from "../../sources/source-table.ts";
import type { Values } from "../options/option.ts";
import type { redisLoginOptions } from "../options/shared-options.ts";
import { parseSource } from "./parse-source.ts";
import { sourceOfUri } from "./source-of-uri.ts";

/**
 * The source that a word of a command line names: the path of a file, a URI as `--uri` takes it, or an object as
 * `--sources` has it.
 * @param login for Redis servers of which the word does not say it
 * @throws ConfigError
 */
export function sourceOfWord(word: string, login: Values<typeof redisLoginOptions>): SourceConfig {
  const where = "SOURCE";
  const config = parseSource(written(word, where), where, (warning) => {
    throw new ConfigError(warning);
  });
  return config.provider === "redis" ? withRedisLogin(config, redisLogin(login)) : config;
}

function written(word: string, where: string): unknown {
  if (word.startsWith("{")) {
    return parseJson(word, (problem) => {
      throw new ConfigError(`${where}: ${problem}`);
    });
  }
  const isUri = sourceKinds.some(({ uriPattern }) => uriPattern.test(word));
  // What looks like a URI and is none was meant as one.
  return sourceOfUri(isUri || scheme.test(word) ? word : `file:${word}`, where);
}

const scheme = /^[a-z][a-z0-9+.-]*:\//i;

/**
 * Who asks Redis servers whose sources do not say so themselves.
 * @throws ConfigError if the password is given twice
 */
export function redisLogin(values: Values<typeof redisLoginOptions>): RedisSecrets {
  const username = values["redis-username"];
  const password = values["redis-password"];
  const passwordFile = values["redis-password-file"];
  if (password !== "" && passwordFile !== "") {
    throw new ConfigError("set FLAGD_REDIS_PASSWORD or --redis-password-file, not both");
  }
  return {
    ...(username !== "" && { username }),
    ...(password !== "" && { password }),
    ...(passwordFile !== "" && { passwordFile }),
  };
}

/** A source whose URI or settings have a password keeps to that. */
export function withRedisLogin(config: RedisSourceConfig, login: RedisSecrets): RedisSourceConfig {
  const own =
    /^[^?]*@/.test(config.uri) ||
    config.password !== undefined ||
    config.passwordFile !== undefined;
  return own ? config : { ...login, ...config };
}
