import { ConfigError } from "../../core/config-error.ts";
import { asksForTls, clientTlsSettings, pollSettings } from "../settings.ts";
import type { ConfigOf, SourceKind } from "../source-kind.ts";
import { redactUri } from "./uri.ts";

const settings = {
  ...pollSettings(30),
  watch: { type: "boolean", default: true, doc: "Look for changes between polls." },
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
} as const;

export type RedisSourceConfig = ConfigOf<"redis", typeof settings>;

export const redisKind: SourceKind<RedisSourceConfig> = {
  providers: ["redis"],
  doc: "One key of a Redis or Valkey server: a text, or a RedisJSON document.",
  prefix: "redis://",
  uriForm: "redis://host:6379/0?key=flags",
  uriPattern: /^(?:redis|valkey)s?(?:\+tls)?(?:\+unix)?:\/\//,
  schemes: ["redis", "rediss", "valkey"],
  settings,
  // The key is in the query, and part of what the source is.
  nameOf: ({ uri, name }) => name ?? redactUri(uri),
  check(config, where) {
    const secure = asksForTls(config, where) || config.tls || config.serverName !== undefined;
    if (secure && !/^(redis|valkey)(s|\+tls)/i.test(config.uri)) {
      throw new ConfigError(`${where}: TLS requires a uri that starts with rediss://`);
    }
    return config;
  },
  async create(config, dependencies) {
    return new (await import("./source.ts")).RedisSource(config, dependencies);
  },
};
