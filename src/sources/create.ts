import type { SourceConfig } from "../config/sources/source-config.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Source } from "./source.ts";

/**
 * Loads the code of the kinds of sources that are configured only, which the start does not wait
 * for otherwise.
 * @throws ConfigError for a URI or provider that cannot be used
 */
export async function createSource(
  config: SourceConfig,
  deps: { readonly clock: Clock; readonly log: Log },
): Promise<Source> {
  switch (config.provider) {
    case "redis":
      return new (await import("./redis/redis-source.ts")).RedisSource(config, deps);
    case "file":
    case "fsnotify":
    case "fileinfo":
      return new (await import("./file/source.ts")).FileSource(
        { path: config.uri, provider: config.provider },
        deps,
      );
    case "grpc":
      return new (await import("./grpc/source.ts")).GrpcSource(config, deps);
    case "http":
      return new (await import("./http/source.ts")).HttpSource(config, deps);
    case "s3":
    case "gcs":
    case "azblob":
      return new (await import("./blob/source.ts")).BlobSource(config, deps);
    case "kubernetes":
      return new (await import("./kubernetes/source.ts")).KubernetesSource(config, deps);
  }
}
