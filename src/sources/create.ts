import { ConfigError } from "../config/errors.ts";
import type { SourceConfig } from "../config/sources/source-config.ts";
import type { Log } from "../telemetry/log.ts";
import type { Clock } from "./clock.ts";
import { FileSource } from "./file/source.ts";
import { GrpcSource } from "./grpc/source.ts";
import { HttpSource } from "./http/source.ts";
import { RedisSource } from "./redis/source.ts";
import type { Source } from "./source.ts";

/** @throws ConfigError for a URI or provider that cannot be used */
export function createSource(config: SourceConfig, deps: { clock: Clock; log: Log }): Source {
  switch (config.provider) {
    case "redis":
      return new RedisSource(config, deps);
    case "file":
    case "fsnotify":
    case "fileinfo":
      return new FileSource({ path: config.uri, provider: config.provider }, deps);
    case "grpc":
      return new GrpcSource(config, deps);
    case "http":
      return new HttpSource(config, deps);
    default:
      throw new ConfigError(
        `source "${config.uri}": provider "${config.provider}" is not part of this version; redis, file, grpc and http are`,
      );
  }
}
