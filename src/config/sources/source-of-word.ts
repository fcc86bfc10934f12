import { ConfigError } from "../../core/config-error.ts";
import { parseJson } from "../../core/parse-json.ts";
import { type SourceConfig, sourceKinds } from "../../sources/source-kinds.ts";
import type { Values } from "../options/option.ts";
import type { redisLoginOptions } from "../options/shared.ts";
import { parseSource } from "./parse-source.ts";
import { redisLogin, withRedisLogin } from "./redis-login.ts";
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
