import { ConfigError } from "../core/config-error.ts";
import type { Environment } from "../core/environment.ts";
import type { ServerTls } from "../core/server-tls.ts";
import { type RedisSourceConfig, redisKind } from "../sources/redis/redis-kind.ts";
import { redisSyncOptions } from "./options/redis-sync.ts";
import { startOptions } from "./options/start.ts";
import { resolveOptions } from "./resolve.ts";
import {
  address,
  certificatePair,
  distinctAddresses,
  type ServingConfig,
  servingConfig,
} from "./serving.ts";
import type { SettingNames } from "./setting-names.ts";
import { redisLogin, withRedisLogin } from "./sources/redis-login.ts";
import { refuseSecondUri } from "./sources/source-of-uri.ts";

const watchModes = { push: true, poll: "poll", off: false } as const;

/** Everything that `flagd redis-sync` is told. */
export interface RedisSyncConfig extends ServingConfig {
  readonly source: RedisSourceConfig;
  /** What the user calls its settings. */
  readonly settingNames: readonly [SettingNames];
  /** Undefined: off. */
  readonly managementPort: number | undefined;
}

/**
 * The configuration of `flagd redis-sync`; undefined where help was asked for.
 * @param args what follows `redis-sync` on the command line
 * @throws ConfigError
 */
export async function readRedisSyncConfig(
  args: readonly string[],
  environment: Environment,
): Promise<RedisSyncConfig | undefined> {
  const resolved = await resolveOptions(redisSyncOptions, args, environment, startOptions);
  if (!resolved) return undefined;
  const { values, origin } = resolved;
  const tls = certificatePair(values, origin, "redis-sync-cert-path", "redis-sync-key-path");
  const client = certificatePair(values, origin, "redis-client-cert-path", "redis-client-key-path");
  const clientCaPath = values["redis-sync-client-ca-path"];
  if (clientCaPath !== "" && !tls) {
    throw new ConfigError(
      `${origin("redis-sync-client-ca-path").name} requires --redis-sync-cert-path and --redis-sync-key-path: there are no client certificates without TLS`,
    );
  }
  const sync = address(values["redis-sync-socket-path"], values["redis-sync-port"]);
  const managementPort = values["management-port"];
  distinctAddresses({ "redis-sync-port": sync, "management-port": { port: managementPort } });

  if (values["redis-uri"] === "") {
    const missing =
      "--redis-uri is missing: set it, for example --redis-uri 'redis://localhost:6379/0?key=flags'";
    // What was ignored may have been meant as it.
    throw new ConfigError([missing, ...resolved.warnings].join("; "));
  }
  const where = origin("redis-uri").name;
  refuseSecondUri(values["redis-uri"], where, "redis-sync reads one key of one server");
  const { "redis-cert-path": certPath, "redis-server-name": serverName } = values;
  const source = redisKind.check(
    withRedisLogin(
      {
        provider: "redis",
        uri: values["redis-uri"].trim(),
        interval: values["redis-interval"],
        watch: watchModes[values["redis-watch"]],
        tls: false,
        ...(certPath !== "" && { certPath }),
        ...(serverName !== "" && { serverName }),
        ...(client && { clientCertPath: client.certPath, clientKeyPath: client.keyPath }),
      },
      redisLogin(values),
    ),
    where,
  );
  const own = {
    logFormat: values["redis-log-format"],
    address: sync,
    tls:
      tls && clientCaPath !== ""
        ? withClientCa(tls, clientCaPath, origin("redis-sync-client-ca-path").name)
        : tls,
    warnings: [],
  };
  return {
    ...servingConfig(resolved, environment, own),
    source,
    settingNames: [
      {
        options: {
          certPath: origin("redis-cert-path").name,
          clientCertPath: origin("redis-client-cert-path").name,
          clientKeyPath: origin("redis-client-key-path").name,
          serverName: origin("redis-server-name").name,
        },
      },
    ],
    managementPort: managementPort === 0 ? undefined : managementPort,
  };
}

function withClientCa(tls: ServerTls, clientCaPath: string, name: string): ServerTls {
  return { ...tls, clientCaPath, names: { ...tls.names, clientCaPath: name } };
}
