import { messageOf } from "../../core/errors.ts";
import { tlsProblem } from "../../core/tls/tls-problems.ts";
import type { RedisAddress } from "./redis-address.ts";

/**
 * permanent: no retry helps, only the operator (fatal at start) · retryable: an answer of the server that
 * will soon be another one · content: the server is well, the key is not · protocol: what answers is not
 * Redis · timeout, closed: no answer, `diagnose` finds out why.
 */
type RedisErrorKind = "permanent" | "retryable" | "content" | "protocol" | "timeout" | "closed";

/** What went wrong with a Redis server, in words for the operator, without credentials. */
export class RedisError extends Error {
  override readonly name = "RedisError";
  constructor(
    message: string,
    readonly kind: RedisErrorKind,
  ) {
    super(message);
  }
}

/** A node of a cluster says which other one has the key: for good (MOVED), or until a migration ends (ASK). */
export class Redirection extends Error {
  override readonly name = "Redirection";
  constructor(
    readonly type: "MOVED" | "ASK",
    /** Undefined: the same host, another port. */
    readonly host: string | undefined,
    readonly port: number,
  ) {
    super(type);
  }

  get node(): string {
    return `${this.host ?? ""}:${this.port}`;
  }

  /** One more than is followed. */
  withoutEnd(): RedisError {
    const last = `the last time to ${this.node}`;
    return new RedisError(`the cluster redirects too often, ${last}`, "retryable");
  }
}

/** What a message depends on. */
interface Circumstances {
  readonly address: RedisAddress;
  /** The command that reads the flags. */
  readonly command?: string;
  /** Whether the server has JSON.GET. A server without it rejects `+json.get` in ACL SETUSER. */
  readonly json?: boolean;
}

interface Explanation {
  readonly pattern: RegExp;
  readonly kind: RedisErrorKind;
  readonly say: (circumstances: Circumstances) => string;
}

export const needsHello =
  "the server must answer HELLO 3 (RESP3), as Redis 6, Valkey and later versions do; a proxy that speaks " +
  "RESP2 only cannot be used: use the address of the server behind it";

const user = ({ username }: RedisAddress) => `user "${username ?? "default"}"`;

/** Bun's error codes overlap (a full server and a wrong password share one), so the text decides. */
const byMessage: readonly Explanation[] = [
  {
    pattern: /^WRONGPASS/,
    kind: "permanent",
    say: ({ address }) =>
      `the server rejected the password of ${user(address)}: correct it in the URI (percent-encode ` +
      `special characters), or enable the user`,
  },
  {
    pattern: /^NOAUTH/,
    kind: "permanent",
    // Not as a whole URI: the log takes whatever stands before an "@" in one for a secret.
    say: () =>
      "the server requires a password: write :PASSWORD@ or USER:PASSWORD@ before the host in the URI",
  },
  {
    pattern: /DB index is out of range/i,
    kind: "permanent",
    say: ({ address: { database } }) =>
      `the server has no database ${database}: correct the number after the host in the URI`,
  },
  {
    pattern: /SELECT is not allowed in cluster mode/i,
    kind: "permanent",
    say: () => "a Redis Cluster has only database 0: remove the number from the URI",
  },
  {
    pattern: /^NOPERM.*'?select'?/i,
    kind: "permanent",
    say: ({ address }) =>
      `${user(address)} is not permitted to select database ${address.database}: grant +select, or use ` +
      "database 0",
  },
  {
    pattern: /^NOPERM|^NOPERMISSION|^ERR.*no permissions/i,
    kind: "permanent",
    say: ({ address, command = "get", json }) =>
      `${user(address)} is not permitted to read the key: grant access with ` +
      `ACL SETUSER ${address.username ?? "default"} ~KEY +${command} ` +
      `${json && command === "get" ? "+json.get " : ""}+watch +unwatch +client|info +client|tracking`,
  },
  { pattern: /^NOPROTO|unknown command.{0,3}hello/i, kind: "permanent", say: () => needsHello },
  // Bun's words for an answer to HELLO that is no map, as of a proxy that ignores the 3.
  {
    pattern: /Authentication failed with unexpected response/i,
    kind: "permanent",
    say: () => needsHello,
  },
  {
    pattern: /^DENIED/,
    kind: "permanent",
    say: () =>
      "the server is in protected mode and accepts no connections from other machines: set a " +
      "password on the server, or configure bind and protected-mode",
  },
  {
    pattern: /max number of clients/i,
    kind: "retryable",
    say: () => "the server has reached its limit of clients (maxclients)",
  },
  { pattern: /^LOADING/, kind: "retryable", say: () => "the server is loading its data" },
  { pattern: /^BUSY/, kind: "retryable", say: () => "the server is busy running a script" },
  {
    pattern: /^MASTERDOWN/,
    kind: "retryable",
    say: () => "the server is a replica that has lost the connection to its master",
  },
  { pattern: /^CLUSTERDOWN/, kind: "retryable", say: () => "the cluster is down" },
  {
    pattern: /^TRYAGAIN/,
    kind: "retryable",
    say: () => "the keys are being migrated to another node of the cluster",
  },
];

/** Codes of TLS errors. Others are of errors whose messages may quote what the server was sent. */
const tlsCode =
  /^(CERT_|UNABLE_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|ERR_TLS|ERR_SSL|EPROTO|HOSTNAME_MISMATCH|ERROR_IN_)/;

/** Any error of a Redis client as one in words, or as a redirection. */
export function explainRedisError(
  error: unknown,
  circumstances: Circumstances,
): RedisError | Redirection {
  if (error instanceof RedisError || error instanceof Redirection) return error;
  const message = messageOf(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";

  const redirection = /^(?<type>MOVED|ASK) \d+ (?<host>\S*):(?<port>\d+)$/.exec(message)?.groups;
  if (redirection) {
    const { type, host, port } = redirection;
    return new Redirection(type === "ASK" ? "ASK" : "MOVED", host || undefined, Number(port));
  }
  const known = byMessage.find(({ pattern }) => pattern.test(message));
  if (known) return new RedisError(known.say(circumstances), known.kind);
  if (tlsCode.test(code)) {
    const reason = tlsProblem(`${code} ${message}`, { serverName: true });
    return new RedisError(reason ?? `the TLS handshake failed: ${message}`, "permanent");
  }
  switch (code) {
    case "ERR_REDIS_CONNECTION_TIMEOUT":
      return new RedisError(message, "timeout");
    case "ERR_REDIS_CONNECTION_CLOSED":
      return new RedisError(message, "closed");
    case "ERR_REDIS_AUTHENTICATION_FAILED":
      return new RedisError(
        `the server refused HELLO 3: ${withoutSecret(message, circumstances)}; ${needsHello}`,
        "retryable",
      );
  }
  if (/^ERR_REDIS_INVALID_RESPONSE/.test(code)) {
    return new RedisError("the server does not speak the Redis protocol", "protocol");
  }
  return new RedisError(
    `the server returned an error: ${withoutSecret(message, circumstances)}`,
    "retryable",
  );
}

/** A server repeats in some answers what it was sent. */
function withoutSecret(message: string, { address: { password } }: Circumstances): string {
  const text = password ? message.replaceAll(password, "***") : message;
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** Whether the server refuses a command for good: it is not permitted to us, or there is no such command. */
export function isRefusal(error: unknown): boolean {
  return /^NOPERM|^ERR unknown (sub)?command|^ERR Unknown subcommand|^ERR.*no permissions/i.test(
    messageOf(error),
  );
}
