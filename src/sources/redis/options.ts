import { ConfigError } from "../../config/errors.ts";
import { parseRedisUri, type RedisUri } from "./uri.ts";

/** The options as they were given. */
export interface RedisSourceOptions {
  /** `redis://[[user]:password@]host[:port][/db]?key=KEY` and its relatives. */
  readonly uri: string;
  /** Seconds between polls, 1 to 86400. Default 30. */
  readonly intervalSeconds?: number;
  /** Makes the moment of the polls the same in every process that has the same seed. */
  readonly intervalSeed?: string;
  /** PEM file of the authorities to trust instead of the system's. */
  readonly certPath?: string;
  /** PEM files of the certificate, and its key, that flagd shows to the server. */
  readonly clientCertPath?: string;
  readonly clientKeyPath?: string;
  /** The name that the server's certificate must have, where it is not the URI's host. */
  readonly serverName?: string;
  /** Look for changes between polls. Default true. */
  readonly watch?: boolean;
  /** Seconds that the server has for an answer, 1 to 86400; three times as long for a document. Default 10. */
  readonly timeoutSeconds?: number;
}

/** The options checked, defaults filled in. */
export interface RedisSettings {
  readonly uri: RedisUri;
  readonly intervalMs: number;
  readonly seed: string;
  readonly tls: RedisTlsFiles | undefined;
  readonly watch: boolean;
  /** For connecting and for all commands but those that fetch a document. */
  readonly answerTimeoutMs: number;
  readonly documentTimeoutMs: number;
}

/** The PEM files of TLS to Redis. */
export interface RedisTlsFiles {
  readonly certPath: string | undefined;
  readonly client: { readonly certPath: string; readonly keyPath: string } | undefined;
  readonly serverName: string | undefined;
}

const defaultIntervalSeconds = 30;
const defaultTimeoutSeconds = 10;
/** Enough for TLS over a long way; more would delay the next attempt of a short interval. */
const leastAnswerTimeoutMs = 3000;

/** @throws ConfigError that names the wrong option */
export function checkRedisOptions(options: RedisSourceOptions): RedisSettings {
  const uri = parseRedisUri(options.uri);
  const fail = (problem: string): never => {
    throw new ConfigError(`Redis source ${uri.name}: ${problem}`);
  };
  const seconds = (name: string, value: number | undefined, otherwise: number): number => {
    const chosen = value || otherwise;
    if (chosen >= 1 && chosen <= 86_400) return chosen * 1000;
    return fail(`${name} must be from 1 to 86400 seconds, not ${chosen}`);
  };
  const { certPath, clientCertPath, clientKeyPath, serverName } = options;
  if (!clientCertPath !== !clientKeyPath) {
    fail("clientCertPath and clientKeyPath must be set together");
  }
  const stray = Object.entries({ certPath, clientCertPath, serverName }).find(([, value]) => value);
  if (stray && !uri.address.tls) {
    fail(`${stray[0]} requires TLS: use rediss:// instead of redis:// in the URI`);
  }
  const intervalMs = seconds("interval", options.intervalSeconds, defaultIntervalSeconds);
  const timeoutMs = seconds("timeout", options.timeoutSeconds, defaultTimeoutSeconds);
  return {
    uri,
    intervalMs,
    seed: options.intervalSeed ?? "",
    tls: uri.address.tls
      ? {
          certPath: certPath || undefined,
          client:
            clientCertPath && clientKeyPath
              ? { certPath: clientCertPath, keyPath: clientKeyPath }
              : undefined,
          serverName: serverName || undefined,
        }
      : undefined,
    watch: options.watch ?? true,
    answerTimeoutMs: Math.min(timeoutMs, Math.max(intervalMs, leastAnswerTimeoutMs)),
    documentTimeoutMs: timeoutMs * 3,
  };
}
