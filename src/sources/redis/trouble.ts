import { lookup } from "node:dns/promises";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import type { RedisUri } from "./uri.ts";

/** What went wrong with Redis, in words for the operator. */
export class RedisTrouble extends Error {
  override readonly name = "RedisTrouble";
  /** @param permanent whether no retry can mend it: the daemon must not start with it. */
  constructor(
    message: string,
    readonly permanent: boolean,
  ) {
    super(message);
  }
}

/**
 * Replies and TLS failures by their text: the codes of Bun's client overlap (a wrong password and too
 * many clients have the same one).
 */
const known: readonly (readonly [RegExp, string, permanent: boolean])[] = [
  [/^WRONGPASS/, "the user name or password is wrong", true],
  [/^NOAUTH/, "Redis asks for a password: put it into the URI, redis://password@host", true],
  [/^ERR (?:AUTH|Client sent AUTH)/, "Redis has no password set, but the URI gives one", true],
  [/DB index is out of range/, "Redis does not have this database number", true],
  [/max number of clients/, "Redis has too many clients", false],
  [/^LOADING/, "Redis is still loading its data", false],
  [/^(?:MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY)\b/, "Redis cannot answer now", false],
  [/CERT_HAS_EXPIRED|certificate has expired/i, "the server's certificate has expired", true],
  [
    /ALTNAME|hostname mismatch/i,
    "the server's certificate is for another host name: set serverName or reissue it",
    true,
  ],
  [
    /SELF_SIGNED|UNABLE_TO_|self.signed|unable to (?:verify|get)|unknown ca/i,
    "the server's certificate is signed by a CA that is not trusted: give that CA as certPath",
    true,
  ],
  [
    /CERTIFICATE_REQUIRED|certificate required|BAD_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE/i,
    "Redis wants a client certificate that it trusts: give clientCertPath and clientKeyPath",
    true,
  ],
];

/** Turns whatever Bun's client threw into words. Never throws. */
export async function explain(error: unknown, uri: RedisUri): Promise<RedisTrouble> {
  if (error instanceof RedisTrouble) return error;
  const { code = "", message } = error as Error & { readonly code?: string };
  const text = `${message} ${code}`;
  const match = known.find(([pattern]) => pattern.test(message) || pattern.test(code));
  if (match) return new RedisTrouble(`${match[1]} (${message})`, match[2]);
  if (/^NOPERM/.test(message)) {
    return new RedisTrouble(`the user is not allowed to read the flags (${message})`, true);
  }
  if (/Failed to read data|INVALID_RESPONSE/.test(text)) {
    return new RedisTrouble("what answers there is not Redis", false);
  }
  if (/TIMEOUT/.test(code)) return new RedisTrouble("Redis does not answer", false);
  if (/CONNECTION_CLOSED|Connection closed/i.test(text))
    return new RedisTrouble(await whyClosed(uri), false);
  return new RedisTrouble(message, false);
}

/** Bun's client says "Connection closed" whatever the cause: ask the network. */
async function whyClosed({ endpoint, tls }: RedisUri): Promise<string> {
  if ("socketPath" in endpoint) {
    return existsSync(endpoint.socketPath)
      ? "the connection was closed"
      : `there is no socket ${endpoint.socketPath}`;
  }
  const host = endpoint.host.replace(/^\[|\]$/g, "");
  try {
    await lookup(host);
  } catch {
    return `the host name ${host} is unknown`;
  }
  const code = await tcpError(host, endpoint.port);
  if (code === "ECONNREFUSED") return `${endpoint.host}:${endpoint.port} refuses connections`;
  if (code) return `${endpoint.host}:${endpoint.port} is out of reach (${code})`;
  return `the connection was closed${tls ? "; does this port speak TLS?" : ""}`;
}

function tcpError(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const finish = (code: string | undefined) => {
      socket.destroy();
      resolve(code);
    };
    socket.once("connect", () => finish(undefined));
    socket.once("timeout", () => finish("ETIMEDOUT"));
    socket.once("error", (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
}
