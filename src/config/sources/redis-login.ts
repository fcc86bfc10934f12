import { ConfigError } from "../../core/config-error.ts";
import type { RedisSecrets, RedisSourceConfig } from "../../sources/redis/redis-kind.ts";
import type { Values } from "../options/option.ts";
import type { redisLoginOptions } from "../options/shared.ts";

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
