import { ConfigError } from "../../core/errors.ts";
import type { Endpoint, Login } from "./redis-address.ts";
import { parseRedisQuery, type RedisQuery } from "./redis-content.ts";

/** How the server that has the flags is found: it is the one, by a Sentinel, or by any node of its cluster. */
type Topology = "server" | "cluster" | "sentinel";

/** A URI, taken apart. */
export interface RedisUri extends Login {
  readonly topology: Topology;
  /** The server, nodes of the cluster, or Sentinels. */
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  /** What the Sentinels call the master. */
  readonly master: string | undefined;
  /** Where the flags are in the database. */
  readonly content: RedisQuery["content"];
  /** The URI without credentials. */
  readonly name: string;
}

/** Credentials apart from the URIs: the log takes whatever stands before an "@" in one for a secret. */
const expectedForm =
  "expected redis://host[:port][/db]?key=KEY, rediss:// for TLS, " +
  "redis+unix:///path/of/socket?key=KEY[&db=N], redis+cluster://host:port[,host:port…]?key=KEY, or " +
  "redis+sentinel://host:port[,host:port…]/MASTER[/db]?key=KEY, with :password@ or user:password@ after the " +
  "two slashes if the server requires it";

const uriParts =
  /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<authority>[^/?#]*)(?<path>[^?#]*)(?:\?(?<query>[^#]*))?(?<fragment>#.*)?$/is;

const schemeParts = /^(?:redis|valkey)(?<tls>s|\+tls)?(?:\+(?<place>unix|cluster|sentinel))?$/i;

const defaultPorts = { server: 6379, cluster: 6379, sentinel: 26_379 };

type Fail = (problem: string) => never;
type Decode = (what: string, text: string) => string;

/**
 * Reads `redis://[password@]host:port/db?key=…` and its relatives: `user:password@`, `:password@`,
 * percent-encoding, `rediss://`, `valkey://`; for a Unix socket `redis+unix:///path?key=…&db=…` (or `unix://`);
 * `redis+cluster://` with several hosts, `redis+sentinel://` with several hosts and the master's name.
 * @throws ConfigError that names what is wrong and the expected form, never the password
 */
export function parseRedisUri(uri: string): RedisUri {
  const fail: Fail = (problem) => {
    throw new ConfigError(`Redis URI ${redactUri(uri)}: ${problem}; ${expectedForm}`);
  };
  const parts = uriParts.exec(uri)?.groups ?? fail("it is not a URI");
  const { scheme = "", authority = "", path = "", query = "" } = parts;
  const kind = readScheme(scheme) ?? fail(`unknown scheme ${scheme}`);
  if (kind.tls && kind.place === "unix") fail("TLS is not used over a Unix socket");
  if (parts.fragment !== undefined) fail('write "#" as %23');

  const decode: Decode = (what, text) => {
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
  const { content, db } = parseRedisQuery(query, decode, fail);

  const { place } = kind;
  const [master, number] = splitPath(place, path, decode, fail);
  if (number !== "" && db !== undefined) fail("the database is given twice, in the path and as db");
  const database = number || db || "0";
  if (!/^\d{1,9}$/.test(database)) {
    fail(`the database must be a number, not ${JSON.stringify(database)}`);
  }
  if (place === "cluster" && database !== "0") fail("a Redis Cluster has only database 0");
  const topology = place === "unix" ? "server" : place;
  return {
    topology,
    endpoints:
      place === "unix"
        ? [parseSocket(location, path, decode, fail)]
        : parseHosts(location, topology, fail),
    master,
    content,
    name: redactUri(uri),
    tls: kind.tls,
    username: credentials?.username,
    password: credentials?.password,
    database: Number(database),
  };
}

/**
 * The URI without its credentials, for logs and as a name. Whatever is before the last `@` goes, even
 * in a URI that is not well-formed; only what names the flags may hold an `@`. Of parameters that there are
 * not (`password`, for one) the value goes.
 */
export function redactUri(uri: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(uri)?.[0] ?? "";
  const rest = uri.slice(scheme.length);
  const key = /[?&](?:key|hash)=/.exec(rest)?.index ?? rest.length;
  const at = rest.lastIndexOf("@", key);
  const bare = rest.slice(at + 1);
  const query = bare.indexOf("?");
  if (query < 0) return scheme + bare;
  const shown = bare
    .slice(query + 1)
    .split("&")
    .map((part) => (/^(?:key|hash|db)=/.test(part) ? part : part.replace(/=.*/s, "=…")));
  return `${scheme}${bare.slice(0, query)}?${shown.join("&")}`;
}

function readScheme(scheme: string) {
  // As redis-py and go-redis write it.
  if (/^unix$/i.test(scheme)) return { tls: false, place: "unix" } as const;
  const groups = schemeParts.exec(scheme)?.groups;
  if (!groups) return undefined;
  const place = (groups.place?.toLowerCase() ?? "server") as Topology | "unix";
  return { tls: groups.tls !== undefined, place };
}

/** A part without colon is the password, as operators of servers without users write it. */
function parseCredentials(text: string, decode: Decode) {
  if (text === "") return undefined;
  const colon = text.indexOf(":");
  const username = colon < 0 ? "" : decode("user name", text.slice(0, colon));
  const password = decode("password", text.slice(colon + 1));
  return { username: username || undefined, password };
}

/** @returns the name of the master, and the database */
function splitPath(
  place: Topology | "unix",
  path: string,
  decode: Decode,
  fail: Fail,
): [string | undefined, string] {
  if (place === "unix") return [undefined, ""];
  if (place !== "sentinel") return [undefined, path.slice(1)];
  const [, name = "", database = "", ...more] = path.split("/");
  if (name === "") fail("the name of the master is missing: what the Sentinels call it");
  if (more.length > 0) fail("the path must be /MASTER or /MASTER/db");
  return [decode("name of the master", name), database];
}

function parseHosts(text: string, topology: Topology, fail: Fail): [Endpoint, ...Endpoint[]] {
  const [first = "", ...more] = text.split(",");
  if (topology === "server" && more.length > 0) {
    fail("several hosts: write redis+cluster:// or redis+sentinel://");
  }
  const port = defaultPorts[topology];
  return [parseHost(first, port, fail), ...more.map((host) => parseHost(host, port, fail))];
}

function parseHost(text: string, defaultPort: number, fail: Fail): Endpoint {
  const match = /^(?<host>\[[0-9a-f:.%]+\]|[^:[\]\s<>^|\\%]+)(?::(?<port>.*))?$/i.exec(
    text,
  )?.groups;
  const host = match?.host ?? fail(text === "" ? "the host is missing" : "the host is not valid");
  const port = match?.port || String(defaultPort);
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    fail(`the port must be a number from 1 to 65535, not ${JSON.stringify(port)}`);
  }
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

function parseSocket(host: string, path: string, decode: Decode, fail: Fail): Endpoint {
  if (host !== "" && host !== "localhost") {
    fail("a Unix socket has no host: write three slashes before its path");
  }
  const decoded = decode("path", path);
  if (decoded.length < 2) fail("the path of the socket is missing");
  // BUN 1.4.5: the client reads the path from a URL, which rewrites such characters, and does not decode it.
  if (new URL(`redis+unix://localhost${decoded}`).pathname !== decoded) {
    fail(
      "the path of the socket must be normalized and free of spaces, quotes, #, ?, <, >, {, } and " +
        "non-ASCII characters (use a symbolic link to it)",
    );
  }
  return { path: decoded };
}
