import { ConfigError } from "../core/errors.ts";
import type { Environment } from "../core/process-info.ts";
import type { TcpAddress } from "../core/tcp-address.ts";
import { type RedisSourceConfig, redisKind } from "../sources/redis/redis-kind.ts";
import { redisSyncOptions } from "./options/redis-sync-options.ts";
import type { redisServerOptions } from "./options/shared-options.ts";
import { startOptions } from "./options/start-options.ts";
import { type Resolved, resolveOptions } from "./resolve.ts";
import {
  certificatePair,
  distinctAddresses,
  listenAt,
  type ServingConfig,
  servingConfig,
  socketOr,
  withClientCa,
} from "./serving.ts";
import type { SettingNames } from "./setting-names.ts";
import { refuseSecondUri } from "./sources/source-of-uri.ts";
import { redisLogin, withRedisLogin } from "./sources/source-of-word.ts";

const watchModes = { push: true, poll: "poll", off: false } as const;

/** Everything that `flagd redis-sync` is told. */
export interface RedisSyncConfig extends ServingConfig {
  readonly source: RedisSourceConfig;
  /** What the user calls its settings. */
  readonly settingNames: readonly [SettingNames];
  /** Undefined: off. */
  readonly management: TcpAddress | undefined;
}

/**
 * The configuration of `flagd redis-sync`; undefined if help was asked for.
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
  const tls = withClientCa(
    certificatePair(values, origin, "redis-sync-cert-path", "redis-sync-key-path"),
    values["redis-sync-client-ca-path"],
    origin("redis-sync-client-ca-path").name,
    "--redis-sync-cert-path and --redis-sync-key-path",
  );
  const at = (address: TcpAddress) => listenAt(values.listen, address);
  const sync = socketOr(values["redis-sync-socket-path"], at(values["redis-sync-port"]));
  const management = at(values["management-port"]);
  distinctAddresses({ "redis-sync-port": sync, "management-port": management });

  const polling = {
    interval: values["redis-interval"],
    watch: watchModes[values["redis-watch"]],
  };
  const source = redisSource("redis-sync", resolved, polling);
  const own = {
    logFormat: values["redis-log-format"],
    address: sync,
    tls,
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
    management: management.port === 0 ? undefined : management,
  };
}

/**
 * The one Redis source of a command.
 * @throws ConfigError
 */
export function redisSource(
  command: string,
  resolved: Resolved<typeof redisServerOptions>,
  polling: Pick<RedisSourceConfig, "interval" | "watch">,
): RedisSourceConfig {
  const { values, origin } = resolved;
  const client = certificatePair(values, origin, "redis-client-cert-path", "redis-client-key-path");
  if (values["redis-uri"] === "") {
    const missing =
      "--redis-uri is missing: set it, for example --redis-uri 'redis://localhost:6379/0?key=flags'";
    // What was ignored may have been meant as it.
    throw new ConfigError([missing, ...resolved.warnings].join("; "));
  }
  const where = origin("redis-uri").name;
  refuseSecondUri(values["redis-uri"], where, `${command} reads one key of one server`);
  const { "redis-cert-path": certPath, "redis-server-name": serverName } = values;
  return redisKind.check(
    withRedisLogin(
      {
        provider: "redis",
        uri: values["redis-uri"].trim(),
        ...polling,
        tls: false,
        ...(certPath !== "" && { certPath }),
        ...(serverName !== "" && { serverName }),
        ...(client && { clientCertPath: client.certPath, clientKeyPath: client.keyPath }),
      },
      redisLogin(values),
    ),
    where,
  );
}
