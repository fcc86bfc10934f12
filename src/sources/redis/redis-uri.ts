import { ConfigError } from "../../core/config-error.ts";

/** Where a Redis server is and who asks. */
export interface RedisAddress {
  readonly endpoint: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

/** A URI, taken apart. */
export interface RedisUri {
  readonly address: RedisAddress;
  /** The key that holds the flag document. */
  readonly key: string;
  /** The URI without credentials. */
  readonly name: string;
}

/** Credentials apart from the URIs: the log takes whatever stands before an "@" in one for a secret. */
const expectedForm =
  "expected redis://host[:port][/db]?key=KEY, rediss:// for TLS, or " +
  "redis+unix:///path/of/socket?key=KEY[&db=N], with :password@ or user:password@ after the two slashes " +
  "if the server requires it";

const schemes: Readonly<Record<string, { readonly tls: boolean; readonly unix: boolean }>> = {
  redis: { tls: false, unix: false },
  rediss: { tls: true, unix: false },
  valkey: { tls: false, unix: false },
  valkeys: { tls: true, unix: false },
  "redis+tls": { tls: true, unix: false },
  "valkey+tls": { tls: true, unix: false },
  "redis+unix": { tls: false, unix: true },
  "valkey+unix": { tls: false, unix: true },
};

const uriParts =
  /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<authority>[^/?#]*)(?<path>[^?#]*)(?:\?(?<query>[^#]*))?(?<fragment>#.*)?$/is;

/**
 * Reads `redis://[password@]host:port/db?key=…` and its relatives: `user:password@`, `:password@`,
 * percent-encoding, `rediss://`, `valkey://`, `valkeys://` and, for a Unix socket,
 * `redis+unix:///path?key=…&db=…`.
 * @throws ConfigError that names what is wrong and the expected form, never the password
 */
export function parseRedisUri(uri: string): RedisUri {
  const fail = (problem: string): never => {
    throw new ConfigError(`Redis URI ${redactUri(uri)}: ${problem}; ${expectedForm}`);
  };
  const parts = uriParts.exec(uri)?.groups ?? fail("it is not a URI");
  const { authority = "", path = "", query = "" } = parts;
  const kind = schemes[parts.scheme?.toLowerCase() ?? ""] ?? fail(`unknown scheme ${parts.scheme}`);
  if (parts.fragment !== undefined) fail('write "#" as %23');

  const decode = (what: string, text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      return fail(`the ${what} is not valid percent-encoding (write "%" as %25)`);
    }
  };
  // A part of a password that was not encoded: it must not be repeated in another message below.
  if (path.includes("@") || /^[^=]*@/.test(query)) {
    fail(
      'unexpected "@" after the host (in a password, write "/" as %2F and "?" as %3F; in a path, "@" as %40)',
    );
  }

  const at = authority.lastIndexOf("@");
  const location = authority.slice(at + 1);
  const credentials = at < 0 ? undefined : parseCredentials(authority.slice(0, at), decode);
  const { key, db } = parseQuery(query, decode, fail);

  const number = kind.unix ? "" : path.slice(1);
  if (number !== "" && db !== undefined) fail("the database is given twice, in the path and as db");
  const database = number || db || "0";
  if (!/^\d{1,9}$/.test(database)) {
    fail(`the database must be a number, not ${JSON.stringify(database)}`);
  }
  return {
    key,
    name: redactUri(uri),
    address: {
      endpoint: kind.unix ? parseSocket(location, path, decode, fail) : parseHost(location, fail),
      tls: kind.tls,
      username: credentials?.username,
      password: credentials?.password,
      database: Number(database),
    },
  };
}

/**
 * The URI without its credentials, for logs and as a name. Whatever is before the last `@` goes, even
 * in a URI that is not well-formed; only the value of `key` may hold an `@`. Of parameters that there are
 * not (`password`, for one) the value goes.
 */
export function redactUri(uri: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(uri)?.[0] ?? "";
  const rest = uri.slice(scheme.length);
  const key = /[?&]key=/.exec(rest)?.index ?? rest.length;
  const at = rest.lastIndexOf("@", key);
  const bare = rest.slice(at + 1);
  const query = bare.indexOf("?");
  if (query < 0) return scheme + bare;
  const shown = bare
    .slice(query + 1)
    .split("&")
    .map((part) => (/^(?:key|db)=/.test(part) ? part : part.replace(/=.*/s, "=…")));
  return `${scheme}${bare.slice(0, query)}?${shown.join("&")}`;
}

type Decode = (what: string, text: string) => string;
type Fail = (problem: string) => never;

/** A part without colon is the password, as operators of servers without users write it. */
function parseCredentials(text: string, decode: Decode) {
  if (text === "") return undefined;
  const colon = text.indexOf(":");
  const username = colon < 0 ? "" : decode("user name", text.slice(0, colon));
  const password = decode("password", text.slice(colon + 1));
  return { username: username || undefined, password };
}

function parseQuery(query: string, decode: Decode, fail: Fail) {
  const found: { key?: string; db?: string } = {};
  for (const part of query.split("&").filter((part) => part !== "")) {
    const equals = part.indexOf("=");
    const name = equals < 0 ? part : part.slice(0, equals);
    if (name !== "key" && name !== "db") {
      return fail(`unknown parameter ${JSON.stringify(name)}, expected key or db`);
    }
    if (found[name] !== undefined) return fail(`the parameter ${name} is given twice`);
    found[name] = equals < 0 ? "" : decode(name, part.slice(equals + 1));
  }
  if (!found.key) return fail("the parameter key is missing: the Redis key of the flag document");
  return { key: found.key, db: found.db };
}

function parseHost(text: string, fail: Fail) {
  const match = /^(?<host>\[[0-9a-f:.%]+\]|[^:[\]\s<>^|\\%]+)(?::(?<port>.*))?$/i.exec(
    text,
  )?.groups;
  const host = match?.host ?? fail(text === "" ? "the host is missing" : "the host is not valid");
  const port = match?.port || "6379";
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    fail(`the port must be a number from 1 to 65535, not ${JSON.stringify(port)}`);
  }
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

function parseSocket(host: string, path: string, decode: Decode, fail: Fail) {
  if (host !== "" && host !== "localhost") {
    fail("a Unix socket has no host: write three slashes before its path");
  }
  const decoded = decode("path", path);
  if (decoded.length < 2) fail("the path of the socket is missing");
  // Bun's client reads the path from a URL, which rewrites such characters, and does not decode it.
  if (new URL(`redis+unix://localhost${decoded}`).pathname !== decoded) {
    fail(
      "the path of the socket must be normalized and free of spaces, quotes, #, ?, <, >, {, } and " +
        "non-ASCII characters (use a symbolic link to it)",
    );
  }
  return { path: decoded };
}
