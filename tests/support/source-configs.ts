/** Configurations of sources of which only the URI was given. */
import type { GrpcSourceConfig } from "../../src/sources/grpc/grpc-kind.ts";
import type { HttpSourceConfig } from "../../src/sources/http/http-kind.ts";
import type { RedisSourceConfig } from "../../src/sources/redis/redis-kind.ts";

export function httpConfig(uri: string, members: Partial<HttpSourceConfig> = {}): HttpSourceConfig {
  return { provider: "http", uri, interval: 5, headers: {}, ...members };
}

export function grpcConfig(uri: string, members: Partial<GrpcSourceConfig> = {}): GrpcSourceConfig {
  const usual = { headers: {}, tls: false, maxMsgSize: 4_194_304, incrementalUpdates: false };
  return { provider: "grpc", uri, ...usual, ...members };
}

export function redisConfig(
  uri: string,
  members: Partial<RedisSourceConfig> = {},
): RedisSourceConfig {
  return { provider: "redis", uri, interval: 30, tls: false, watch: true, ...members };
}
