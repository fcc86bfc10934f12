import { azblobKind, gcsKind, s3Kind } from "./blob/blob-kinds.ts";
import { fileKind } from "./file/file-kind.ts";
import { grpcKind } from "./grpc/grpc-kind.ts";
import { httpKind } from "./http/http-kind.ts";
import { kubernetesKind } from "./kubernetes/kubernetes-kind.ts";
import { redisKind } from "./redis/redis-kind.ts";
import type { Source } from "./source.ts";
import type { SourceDependencies, SourceKind } from "./source-kind.ts";

/** Every kind of source, in the order in which messages and help list them. A new one is added here. */
export const sourceKinds = [
  redisKind,
  fileKind,
  kubernetesKind,
  httpKind,
  grpcKind,
  gcsKind,
  azblobKind,
  s3Kind,
] as const;

type ConfigOfKind<Kind> = Kind extends SourceKind<infer Config> ? Config : never;

/** The checked configuration of a source; `provider` tells the kinds apart. */
export type SourceConfig = ConfigOfKind<(typeof sourceKinds)[number]>;

/** What `provider` may be. */
export type Provider = SourceConfig["provider"];

/** Every provider, in the order in which messages and help list them. */
export const providers: readonly Provider[] = sourceKinds.flatMap((kind) => kind.providers);

/** The kind that a provider chooses. */
export function kindOf(provider: Provider): SourceKind<SourceConfig> {
  const kinds: readonly SourceKind<SourceConfig>[] = sourceKinds;
  const kind = kinds.find(({ providers }) => providers.includes(provider));
  if (kind === undefined) throw new RangeError(`no kind of source has the provider ${provider}`);
  return kind;
}

/**
 * Makes a source.
 * @throws ConfigError for a URI or setting that cannot be used
 */
export function createSource(config: SourceConfig, deps: SourceDependencies): Promise<Source> {
  return kindOf(config.provider).create(config, deps);
}
