/** Configurations of sources of which only the URI was given. */
import type {
  GrpcSourceConfig,
  HttpSourceConfig,
  RedisSourceConfig,
} from "../../src/config/sources/source-config.ts";

export function httpConfig(uri: string, members: Partial<HttpSourceConfig> = {}): HttpSourceConfig {
  return { provider: "http", uri, intervalSeconds: 5, headers: {}, timeoutSeconds: 0, ...members };
}

export function grpcConfig(uri: string, members: Partial<GrpcSourceConfig> = {}): GrpcSourceConfig {
  const usual = { headers: {}, maxMessageSize: 0, incrementalUpdates: false };
  return { provider: "grpc", uri, ...usual, ...members };
}

export function redisConfig(
  uri: string,
  members: Partial<RedisSourceConfig> = {},
): RedisSourceConfig {
  return { provider: "redis", uri, intervalSeconds: 30, watch: true, ...members };
}
