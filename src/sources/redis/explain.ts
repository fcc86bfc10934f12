import { tlsProblem } from "../../core/tls/tls-problems.ts";
import { messageOf } from "../source-error.ts";
import { RedisFault, type RedisFaultKind, RedisMoved } from "./fault.ts";
import type { RedisAddress } from "./uri.ts";

interface Explanation {
  readonly pattern: RegExp;
  readonly kind: RedisFaultKind;
  readonly say: (address: RedisAddress) => string;
}

const user = ({ username }: RedisAddress) => `user "${username ?? "default"}"`;

/** Bun's error codes overlap (a full server and a wrong password share one), so the text decides. */
const byMessage: readonly Explanation[] = [
  {
    pattern: /^WRONGPASS/,
    kind: "hopeless",
    say: (address) =>
      `the server rejected the password of ${user(address)}: correct it in the URI (percent-encode ` +
      `special characters), or enable the user`,
  },
  {
    pattern: /^NOAUTH/,
    kind: "hopeless",
    // Not as a whole URI: the log takes whatever stands before an "@" in one for a secret.
    say: () =>
      "the server requires a password: write :PASSWORD@ or USER:PASSWORD@ before the host in the URI",
  },
  {
    pattern: /DB index is out of range/i,
    kind: "hopeless",
    say: ({ database }) =>
      `the server has no database ${database}: correct the number after the host in the URI`,
  },
  {
    pattern: /SELECT is not allowed in cluster mode/i,
    kind: "hopeless",
    say: () => "a Redis Cluster has only database 0: remove the number from the URI",
  },
  {
    pattern: /^NOPERM.*'?select'?/i,
    kind: "hopeless",
    say: (address) =>
      `${user(address)} is not permitted to select database ${address.database}: grant +select, or use ` +
      "database 0",
  },
  {
    pattern: /^NOPERM|^NOPERMISSION|^ERR.*no permissions/i,
    kind: "hopeless",
    say: (address) =>
      `${user(address)} is not permitted to read the key: grant access with ` +
      `ACL SETUSER … ~KEY +ping +get +json.get +watch +unwatch +client|info`,
  },
  {
    pattern: /^NOPROTO|unknown command.{0,3}hello/i,
    kind: "hopeless",
    say: () => "the server does not support HELLO 3: Redis 6 or newer is required",
  },
  {
    pattern: /^DENIED/,
    kind: "hopeless",
    say: () =>
      "the server is in protected mode and accepts no connections from other machines: set a " +
      "password on the server, or configure bind and protected-mode",
  },
  {
    pattern: /max number of clients/i,
    kind: "passing",
    say: () => "the server has reached its limit of clients (maxclients)",
  },
  { pattern: /^LOADING/, kind: "passing", say: () => "the server is loading its data" },
  {
    pattern: /^MASTERDOWN/,
    kind: "passing",
    say: () => "the server is a replica that has lost the connection to its master",
  },
  { pattern: /^CLUSTERDOWN/, kind: "passing", say: () => "the cluster is down" },
];

/** Codes of TLS errors. Others are of errors whose messages may quote what the server was sent. */
const tlsCode =
  /^(CERT_|UNABLE_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|ERR_TLS|ERR_SSL|EPROTO|HOSTNAME_MISMATCH|ERROR_IN_)/;

/** Any error of a Redis client as a fault in words, or as a redirection. */
export function explain(error: unknown, address: RedisAddress): RedisFault | RedisMoved {
  if (error instanceof RedisFault || error instanceof RedisMoved) return error;
  const message = messageOf(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";

  const moved = /^MOVED \d+ (?<host>\S*):(?<port>\d+)$/.exec(message)?.groups;
  if (moved) return new RedisMoved(moved.host || undefined, Number(moved.port));

  const known = byMessage.find(({ pattern }) => pattern.test(message));
  if (known) return new RedisFault(known.say(address), known.kind);
  if (tlsCode.test(code)) {
    const fault = tlsProblem(`${code} ${message}`, { serverName: true });
    return new RedisFault(fault ?? `the TLS handshake failed: ${message}`, "hopeless");
  }
  if (code === "ERR_REDIS_CONNECTION_TIMEOUT") return new RedisFault(message, "silent");
  if (code === "ERR_REDIS_CONNECTION_CLOSED") return new RedisFault(message, "closed");
  if (/^ERR_REDIS_INVALID_RESPONSE/.test(code)) {
    return new RedisFault("the server does not speak the Redis protocol", "foreign");
  }
  return new RedisFault(
    `the server returned an error: ${withoutSecret(message, address)}`,
    "passing",
  );
}

/** A server repeats in some answers what it was sent. */
function withoutSecret(message: string, { password }: RedisAddress): string {
  const text = password ? message.replaceAll(password, "***") : message;
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
