import { ConfigError } from "../../core/errors.ts";
import { asksForTls, clientTlsSettings, pollSettings, type SettingValues } from "../settings.ts";
import type { ConfigOf, SourceKind } from "../source-kind.ts";
import { redactUri } from "./redis-uri.ts";

const sentinelSettings = {
  username: { type: "text", doc: "User of the Sentinels." },
  usernameFile: { type: "text", doc: "File that holds it." },
  password: { type: "text", doc: "Password of the Sentinels; default: none." },
  passwordFile: { type: "text", doc: "File that holds it. Read again for each connection." },
  plaintext: {
    type: "boolean",
    default: false,
    doc: "Talk to the Sentinels without TLS, though the servers use it.",
  },
  ...clientTlsSettings,
  serverName: { type: "text", doc: "Name that the Sentinels' certificates must have." },
} as const;

const settings = {
  ...pollSettings(30),
  watch: {
    type: "boolean or poll",
    default: true,
    doc: 'Notice changes between polls: `true` has the server push them, `"poll"` looks for them all the time.',
  },
  tls: {
    type: "boolean",
    default: false,
    doc: "Require TLS: refuse a URI that does not begin with rediss://.",
  },
  ...clientTlsSettings,
  serverName: {
    type: "text",
    doc: "Name that the server's certificate must have, if it is not the host in the URI.",
  },
  username: { type: "text", doc: "User of the server, instead of the one in the URI." },
  usernameFile: {
    type: "text",
    doc: "File that holds it. Read again for each connection.",
  },
  password: { type: "text", doc: "Password of the server, instead of the one in the URI." },
  passwordFile: {
    type: "text",
    doc: "File that holds it. Read again for each connection, so a changed password needs no restart.",
  },
  role: {
    type: "text",
    doc: "With Sentinels, which server to read: master (default), or replica.",
  },
  sentinel: {
    type: "object",
    doc: "How to talk to Sentinels",
    settings: sentinelSettings,
  },
} as const;

/** How Sentinels are talked to, if differently from the servers. */
export type SentinelSettings = SettingValues<typeof sentinelSettings>;

/** Who asks a Redis server, beside the URI: texts, or files that hold them. */
export interface RedisSecrets {
  readonly username?: string;
  readonly password?: string;
  readonly usernameFile?: string;
  readonly passwordFile?: string;
}

export type RedisSourceConfig = ConfigOf<"redis", typeof settings>;

export const redisKind: SourceKind<RedisSourceConfig> = {
  providers: ["redis"],
  doc: "One key of a Redis or Valkey server: a text, or a RedisJSON document.",
  prefix: "redis://",
  uriForm: "redis://host:6379/0?key=flags",
  // The socket of a gRPC server has a unix: URI as well, but no key.
  uriPattern:
    /^(?:redis|valkey)(?:s|\+tls)?(?:\+(?:unix|cluster|sentinel))?:\/\/|^unix:\/\/[^?]*\?(?:.*&)?(?:key|hash)=/i,
  schemes: [
    "redis",
    "rediss",
    "valkey",
    "redis+unix",
    "redis+cluster",
    "rediss+cluster",
    "redis+sentinel",
    "rediss+sentinel",
  ],
  settings,
  // The key is in the query, and part of what the source is.
  nameOf: ({ uri, name }) => name ?? redactUri(uri),
  check(config, where) {
    const secure = asksForTls(config, where) || config.tls || config.serverName !== undefined;
    if (secure && !/^(redis|valkey)(s|\+tls)/i.test(config.uri)) {
      throw new ConfigError(`${where}: TLS requires a uri that starts with rediss://`);
    }
    const { role, sentinel, usernameFile, username, passwordFile, password } = config;
    if (role !== undefined && role !== "master" && role !== "replica") {
      throw new ConfigError(`${where}.role: expected master or replica`);
    }
    if (sentinel && asksForTls(sentinel, `${where}.sentinel`) && sentinel.plaintext) {
      throw new ConfigError(`${where}.sentinel: certificates have no use with plaintext`);
    }
    if ((usernameFile && username) || (passwordFile && password)) {
      throw new ConfigError(`${where}: set the text or the file, not both`);
    }
    return config;
  },
  async create(config, dependencies) {
    return new (await import("./redis-source.ts")).RedisSource(config, dependencies);
  },
};
