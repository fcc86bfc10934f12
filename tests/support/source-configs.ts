/** Configurations of sources of which only the URI was given. */
import type {
  HttpSourceConfig,
  RedisSourceConfig,
} from "../../src/config/sources/source-config.ts";

export function httpConfig(uri: string, members: Partial<HttpSourceConfig> = {}): HttpSourceConfig {
  return { provider: "http", uri, intervalSeconds: 5, headers: {}, timeoutSeconds: 0, ...members };
}

export function redisConfig(
  uri: string,
  members: Partial<RedisSourceConfig> = {},
): RedisSourceConfig {
  return { provider: "redis", uri, intervalSeconds: 30, watch: true, ...members };
}
