import { ConfigError } from "../core/errors.ts";
import type { Environment } from "../core/process-info.ts";
import type { TcpAddress } from "../core/tcp-address.ts";
import type { ServerTls } from "../core/tls/tls-material.ts";
import { withDistinctNames } from "../sources/source-kind.ts";
import { kindOf, type SourceConfig } from "../sources/source-table.ts";
import { redisSyncOptions } from "./options/redis-sync-options.ts";
import { startOptions } from "./options/start-options.ts";
import { type Resolved, resolveOptions } from "./resolve.ts";
import {
  type Address,
  certificatePair,
  distinctAddresses,
  listenAt,
  type ServingConfig,
  servingConfig,
  socketOr,
  withClientCa,
} from "./serving.ts";
import type { SettingNames } from "./setting-names.ts";
import { parseSource } from "./sources/parse-source.ts";
import { sourceOfUri } from "./sources/source-of-uri.ts";
import { redisLogin, withRedisLogin } from "./sources/source-of-word.ts";

/** Everything that `flagd start` is told. */
export interface StartConfig extends ServingConfig {
  /** At least one; a later one has priority over an earlier one. */
  readonly sources: readonly SourceConfig[];
  /** What the user calls the settings of each, by its position. */
  readonly settingNames: readonly (SettingNames | undefined)[];
  readonly evaluation: { readonly address: Address; readonly tls: ServerTls | undefined };
  /** Shares one listener with management if both have the same address. */
  readonly ofrep: {
    readonly address: TcpAddress;
    /** Whether it is answered in plaintext, over TLS, or both. */
    readonly tls: "optional" | "required" | "off";
    /** Undefined: no event streams. */
    readonly events: { readonly jitterMs: number; readonly maxStreams: number } | undefined;
  };
  readonly management: TcpAddress;
  /** How `fractional` computes its buckets. */
  readonly fractional: "v2" | "v3";
  /** Lower-cased header name → key of the evaluation context. */
  readonly contextFromHeader: ReadonlyMap<string, string>;
  /** Empty: every origin. */
  readonly corsOrigins: readonly string[];
  /** Bytes; 0 or less: no limit. */
  readonly maxRequestBody: number;
  /** Bytes; 0 or less: 1 MiB. */
  readonly maxRequestHeader: number;
  /** Threads that serve the ports. */
  readonly workers: number;
}

/**
 * The configuration of `flagd start`; undefined if help was asked for.
 * @param args what follows `start` on the command line
 * @throws ConfigError
 */
export async function readStartConfig(
  args: readonly string[],
  environment: Environment,
): Promise<StartConfig | undefined> {
  const resolved = await resolveOptions(startOptions, args, environment, redisSyncOptions);
  return resolved && startConfigOf(resolved, environment);
}

/** @throws ConfigError */
export function startConfigOf(
  resolved: Resolved<typeof startOptions>,
  environment: Environment,
): StartConfig {
  const { values } = resolved;
  const warnings: string[] = [];
  const clientCa = resolved.origin("client-ca-path").name;
  const tls = withClientCa(
    certificatePair(values, resolved.origin, "server-cert-path", "server-key-path"),
    values["client-ca-path"],
    clientCa,
    "--server-cert-path and --server-key-path",
  );
  if (values["ofrep-tls"] === "required" && !tls) {
    throw new ConfigError(
      "--ofrep-tls=required requires --server-cert-path and --server-key-path: there is no TLS without a certificate",
    );
  }
  if (tls?.clientCaPath !== undefined) {
    const { place, name } = resolved.origin("ofrep-tls");
    if (place !== "default" && values["ofrep-tls"] !== "required") {
      throw new ConfigError(
        `${name} lets clients without a certificate in, whom ${clientCa} keeps out: leave it out or set it to required`,
      );
    }
  }
  const at = (address: TcpAddress) => listenAt(values.listen, address);
  const evaluation = socketOr(values["socket-path"], at(values.port));
  const sync = socketOr(values["sync-socket-path"], at(values["sync-port"]));
  const sources = readSources(resolved, (message) => warnings.push(message));
  const [management, ofrep] = [at(values["management-port"]), at(values["ofrep-port"])];
  distinctAddresses(
    { port: evaluation, "sync-port": sync, "management-port": management, "ofrep-port": ofrep },
    ["management-port", "ofrep-port"],
  );
  return {
    ...servingConfig(resolved, environment, {
      logFormat: values["log-format"],
      address: sync,
      tls,
      warnings,
      evaluationRatio: values["otel-evaluation-ratio"],
    }),
    sources,
    // The rest of them are objects.
    settingNames: values.uri.map(() => ({ place: resolved.origin("sources").name })),
    evaluation: { address: evaluation, tls },
    ofrep: {
      address: ofrep,
      // In plaintext nobody shows a certificate.
      tls: tls?.clientCaPath === undefined ? values["ofrep-tls"] : "required",
      events: values["ofrep-sse"]
        ? { jitterMs: values["ofrep-sse-window"], maxStreams: values["ofrep-sse-streams"] }
        : undefined,
    },
    management,
    fractional: values.fractional,
    contextFromHeader: new Map(
      [...values["context-from-header"]].map(([header, key]) => [header.toLowerCase(), key]),
    ),
    corsOrigins: values["cors-origin"],
    maxRequestBody: values["max-request-body"],
    maxRequestHeader: values["max-request-header"],
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
