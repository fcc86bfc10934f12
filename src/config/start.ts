import { ConfigError } from "../core/config-error.ts";
import type { Environment } from "../core/environment.ts";
import type { ServerTls } from "../core/server-tls.ts";
import { kindOf, type SourceConfig } from "../sources/source-kinds.ts";
import { withDistinctNames } from "../sources/source-name.ts";
import { redisSyncOptions } from "./options/redis-sync.ts";
import { startOptions } from "./options/start.ts";
import { type Resolved, resolveOptions } from "./resolve.ts";
import {
  type Address,
  address,
  certificatePair,
  distinctAddresses,
  type ServingConfig,
  servingConfig,
} from "./serving.ts";
import type { SettingNames } from "./setting-names.ts";
import { parseSource } from "./sources/parse-source.ts";
import { redisLogin, withRedisLogin } from "./sources/redis-login.ts";
import { sourceOfUri } from "./sources/source-of-uri.ts";

/** Everything that `flagd start` is told. */
export interface StartConfig extends ServingConfig {
  /** At least one; a later one has priority over an earlier one. */
  readonly sources: readonly SourceConfig[];
  /** What the user calls the settings of each, by its position. */
  readonly settingNames: readonly (SettingNames | undefined)[];
  readonly evaluation: { readonly address: Address; readonly tls: ServerTls | undefined };
  /** Shares one listener with management if both have the same port. */
  readonly ofrep: {
    readonly port: number;
    /** Whether it is answered in plaintext, over TLS, or both. */
    readonly tls: "optional" | "required" | "off";
    /** Undefined: no event streams. */
    readonly events: { readonly jitterMs: number; readonly maxStreams: number } | undefined;
  };
  readonly managementPort: number;
  /** How `fractional` computes its buckets. */
  readonly fractional: "v2" | "v3";
  /** Lower-cased header name → key of the evaluation context. */
  readonly contextFromHeader: ReadonlyMap<string, string>;
  /** Empty: every origin. */
  readonly corsOrigins: readonly string[];
  /** Bytes; 0 or less: no limit. */
  readonly maxRequestBody: number;
  /** Bytes, more than 0. */
  readonly maxRequestHeader: number;
  /** Threads that serve the ports. */
  readonly workers: number;
}

/**
 * The configuration of `flagd start`; undefined where help was asked for.
 * @param args what follows `start` on the command line
 * @throws ConfigError
 */
export async function readStartConfig(
  args: readonly string[],
  environment: Environment,
): Promise<StartConfig | undefined> {
  const resolved = await resolveOptions(startOptions, args, environment, redisSyncOptions);
  if (!resolved) return undefined;
  const { values } = resolved;
  const warnings: string[] = [];
  const tls = certificatePair(values, resolved.origin, "server-cert-path", "server-key-path");
  if (values["ofrep-tls"] === "required" && !tls) {
    throw new ConfigError(
      "--ofrep-tls=required requires --server-cert-path and --server-key-path: there is no TLS without a certificate",
    );
  }
  const evaluation = address(values["socket-path"], values.port);
  const sync = address(values["sync-socket-path"], values["sync-port"]);
  const sources = readSources(resolved, (message) => warnings.push(message));
  const [management, ofrep] = [values["management-port"], values["ofrep-port"]];
  distinctAddresses({
    port: evaluation,
    "sync-port": sync,
    "management-port": { port: management },
    ...(ofrep !== management && { "ofrep-port": { port: ofrep } }),
  });
  return {
    ...servingConfig(resolved, environment, {
      logFormat: values["log-format"],
      address: sync,
      tls,
      warnings,
    }),
    sources,
    // The rest of them are objects.
    settingNames: values.uri.map(() => ({ place: resolved.origin("sources").name })),
    evaluation: { address: evaluation, tls },
    ofrep: {
      port: ofrep,
      tls: values["ofrep-tls"],
      events: values["ofrep-sse"]
        ? { jitterMs: values["ofrep-sse-window"], maxStreams: values["ofrep-sse-streams"] }
        : undefined,
    },
    managementPort: management,
    fractional: values.fractional,
    contextFromHeader: new Map(
      [...values["context-from-header"]].map(([header, key]) => [header.toLowerCase(), key]),
    ),
    corsOrigins: values["cors-origin"],
    maxRequestBody: values["max-request-body"],
    maxRequestHeader: values["max-request-header"] > 0 ? values["max-request-header"] : 1 << 20,
    workers: values.workers,
  };
}

/** Those of `--uri`, then those of `--sources`. */
function readSources(
  { values, origin, warnings }: Resolved<typeof startOptions>,
  warn: (message: string) => void,
): SourceConfig[] {
  const uris = values.uri.map((uri) =>
    parseSource(sourceOfUri(uri, origin("uri").name), origin("uri").name, warn),
  );
  const objects = values.sources.map((value, index) =>
    parseSource(value, `${origin("sources").name}[${index}]`, warn),
  );
  const login = redisLogin(values);
  const sources = [...uris, ...objects].map((source) =>
    source.provider === "redis" ? withRedisLogin(source, login) : source,
  );
  if (sources.length > 0) {
    return withDistinctNames(sources, (config) => kindOf(config.provider).nameOf(config));
  }
  const missing =
    "no flag source: name one, for example --uri 'redis://localhost:6379/0?key=flags' or --uri file:flags.json";
  // What was ignored may have been meant as one.
  throw new ConfigError([missing, ...warnings].join("; "));
}
