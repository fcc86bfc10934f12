/** Configurations of sources of which only the URI was given. */
import type { GrpcSourceConfig } from "../../src/sources/grpc/grpc-kind.ts";
import type { HttpSourceConfig } from "../../src/sources/http/http-kind.ts";
import type { RedisSourceConfig } from "../../src/sources/redis/redis-kind.ts";

export function httpConfig(
  uri: string,
  settings: Partial<HttpSourceConfig> = {},
): HttpSourceConfig {
  return { provider: "http", uri, interval: 5, headers: {}, ...settings };
}

export function grpcConfig(
  uri: string,
  settings: Partial<GrpcSourceConfig> = {},
): GrpcSourceConfig {
  const usual = { headers: {}, tls: false, maxMsgSize: 4_194_304, incrementalUpdates: false };
  return { provider: "grpc", uri, ...usual, ...settings };
}

export function redisConfig(
  uri: string,
  settings: Partial<RedisSourceConfig> = {},
): RedisSourceConfig {
  return { provider: "redis", uri, interval: 30, tls: false, watch: true, ...settings };
}
