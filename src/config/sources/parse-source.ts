import { ConfigError } from "../../core/config-error.ts";
import { nearest } from "../../core/nearest.ts";
import { quote } from "../../core/quote.ts";
import { longestTimerMs } from "../kinds/duration.ts";
import { oauthMembers, providers, sourceMembers } from "./members.ts";
import { type MemberValues, readMembers } from "./read-settings.ts";
import type {
  ClientTls,
  OAuth,
  Polling,
  RedisSourceConfig,
  SourceConfig,
} from "./source-config.ts";
import { refuseSecondUri } from "./source-of-uri.ts";

type Members = MemberValues<typeof sourceMembers>;
type Warn = (message: string) => void;

/**
 * One source from an object as `--sources` has it.
 * @param where names the object in messages: `--sources[0]`
 * @throws ConfigError naming the member and what was expected
 */
export function parseSource(value: unknown, where: string, warn: Warn): SourceConfig {
  const members = readMembers(value, sourceMembers, where, warn);
  if (!members.uri) throw new ConfigError(`${where}: uri is a required field`);
  refuseSecondUri(members.uri, where, separators);
  if (!members.provider) throw new ConfigError(`${where}: provider is a required field`);
  const provider = providers.find((name) => name === members.provider);
  if (provider === undefined)
    throw new ConfigError(`${where}: ${unknownProvider(members.provider)}`);
  for (const name of Object.keys(members) as (keyof Members)[]) {
    const users: readonly string[] = sourceMembers[name].providers;
    if (!users.includes(provider)) warn(`${where}: ${name} has no effect on provider ${provider}`);
  }
  const tls = clientTls(members, where);
  const { uri } = members;

  switch (provider) {
    case "redis":
      return redisSource({ ...members, uri }, where);
    case "file":
    case "fsnotify":
    case "fileinfo":
      return { provider, uri: uri.replace(/^file:/, "") };
    case "kubernetes":
      return { provider, uri: uri.replace(/^core\.openfeature\.dev\//, "") };
    case "http": {
      const { authHeader, headers = {}, timeoutS = 0 } = members;
      const oauth = members.oauth && readOAuth(members.oauth, `${where}.oauth`, warn);
      const optional = some({ authHeader, oauth });
      return {
        provider,
        uri,
        headers,
        timeoutSeconds: Math.min(timeoutS, longestTimerMs / 1000),
        ...polling(members, 5),
        ...tls,
        ...optional,
      };
    }
    case "grpc": {
      const { selector, headers = {}, maxMsgSize: maxMessageSize = 0 } = members;
      const { incrementalUpdates = false, providerID: providerId } = members;
      const secure = members.tls || uri.startsWith("grpcs:") || Object.keys(tls).length > 0;
      return {
        provider,
        uri: uri.replace(/^grpcs?:\/\//, ""),
        headers,
        maxMessageSize,
        incrementalUpdates,
        ...some({ selector, providerId, tls: secure ? tls : undefined }),
      };
    }
    case "gcs":
    case "azblob":
    case "s3":
      return { provider, uri, ...polling(members, 5) };
  }
}

const separators =
  "separate URIs by commas on the command line, by white space in variables and files";

/** A Redis source from its members. */
export function redisSource(
  members: Members & { readonly uri: string },
  where: string,
): RedisSourceConfig {
  const { uri, serverName, watch = true } = members;
  const tls = clientTls(members, where);
  const secure = members.tls || serverName || Object.keys(tls).length > 0;
  if (secure && !/^(redis|valkey)(s|\+tls)/i.test(uri)) {
    throw new ConfigError(`${where}: TLS requires a uri that starts with rediss://`);
  }
  return {
    provider: "redis",
    uri,
    watch,
    ...polling(members, 30),
    ...tls,
    ...some({ serverName }),
  };
}

function polling({ interval, intervalSeed }: Members, defaultSeconds: number): Polling {
  return { intervalSeconds: interval || defaultSeconds, ...some({ intervalSeed }) };
}

function clientTls(members: Members, where: string): ClientTls {
  const { certPath, clientCertPath, clientKeyPath } = members;
  if (!clientCertPath !== !clientKeyPath) {
    throw new ConfigError(`${where}: clientCertPath and clientKeyPath must be set together`);
  }
  return some({ certPath, clientCertPath, clientKeyPath });
}

function readOAuth(value: object, where: string, warn: Warn): OAuth {
  const members = readMembers(value, oauthMembers, where, warn);
  const { clientID = "", clientSecret = "", tokenUrl = "", folder } = members;
  if (!tokenUrl) throw new ConfigError(`${where}: tokenUrl is a required field`);
  if (!folder && !(clientID && clientSecret)) {
    throw new ConfigError(
      `${where}: set clientID and clientSecret, or a folder that contains both`,
    );
  }
  return {
    clientId: clientID,
    clientSecret,
    tokenUrl,
    reloadDelaySeconds: members.reloadDelayS ?? 0,
    ...some({ folder }),
  };
}

function unknownProvider(name: string): string {
  const all = providers.map((provider) => `'${provider}'`);
  const guess = nearest(name, providers);
  const hint = guess === undefined ? "" : ` (did you mean '${guess}'?)`;
  return `invalid sync provider: ${quote(name)}, must be one of ${all.slice(0, -1).join(", ")} or ${all.at(-1)}${hint}`;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The entries that have a value; an empty text counts as none, as it does for Go's clients. */
function some<T extends object>(entries: T): Present<T> {
  const present = Object.entries(entries).filter(
    ([, value]) => value !== undefined && value !== "",
  );
  return Object.fromEntries(present) as Present<T>;
}
