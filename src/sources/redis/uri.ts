import { ConfigError } from "../../config/errors.ts";

/** A Redis server, and the key there that holds the flag document. */
export interface RedisUri {
  /** The URI without credentials: what selectors, logs and metrics call the source. */
  readonly name: string;
  readonly tls: boolean;
  readonly endpoint:
    | { readonly host: string; readonly port: number }
    | { readonly socketPath: string };
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly key: string;
}

const form =
  "redis://[[user:]password@]host[:port][/database]?key=NAME, rediss:// for TLS, or redis+unix:///path/of/socket?key=NAME[&db=NUMBER]";

const schemes: Readonly<Record<string, { readonly tls: boolean; readonly socket: boolean }>> = {
  redis: { tls: false, socket: false },
  valkey: { tls: false, socket: false },
  rediss: { tls: true, socket: false },
  valkeys: { tls: true, socket: false },
  "redis+tls": { tls: true, socket: false },
  "valkey+tls": { tls: true, socket: false },
  "redis+unix": { tls: false, socket: true },
  "valkey+unix": { tls: false, socket: true },
};

/**
 * Reads the URI of a Redis source. `password@`, `:password@` and `user:password@` all give credentials;
 * user, password, key and socket path may be percent-encoded.
 * @throws ConfigError that names what is wrong, without credentials
 */
export function parseRedisUri(uri: string): RedisUri {
  const name = withoutCredentials(uri);
  const fail = (problem: string): never => {
    throw new ConfigError(`Redis URI "${name}": ${problem}; expected ${form}`);
  };
  const decode = (what: string, text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      return fail(`the ${what} is not properly percent-encoded`);
    }
  };

  const [, scheme = "", rest = ""] = /^([a-z+]+):\/\/(.*)$/s.exec(uri) ?? fail("it has no scheme");
  const kind = schemes[scheme] ?? fail(`"${scheme}" is no scheme of Redis`);
  const [, authority = "", path = "", query = ""] =
    /^([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/s.exec(rest) ??
    fail("a # must be written as %23 in a password or key");
  const at = authority.lastIndexOf("@");
  const address = authority.slice(at + 1);
  const parameters = readParameters(query, decode, fail);
  const key = parameters.get("key") || fail("it does not say which key holds the flags");
  const base = {
    name,
    tls: kind.tls,
    key,
    ...readCredentials(at < 0 ? undefined : authority.slice(0, at), decode),
  };

  if (kind.socket) {
    if (path.length < 2) fail("the path of the socket is missing");
    return {
      ...base,
      endpoint: { socketPath: decode("path", path) },
      database: readDatabase(parameters.get("db") ?? "", fail),
    };
  }
  const [, host = "", port = "6379"] =
    /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d+))?$/.exec(address) ??
    fail("host and port are malformed");
  if (Number(port) < 1 || Number(port) > 65535) fail(`${port} is no port`);
  return {
    ...base,
    endpoint: { host, port: Number(port) },
    database: readDatabase(parameters.get("db") ?? path.slice(1), fail),
  };
}

/** The URI as it may be shown to anybody. */
export function withoutCredentials(uri: string): string {
  return uri.replace(/^([^:/?#]+:\/\/)[^/?#]*@/, "$1");
}

type Decode = (what: string, text: string) => string;
type Fail = (problem: string) => never;

function readParameters(query: string, decode: Decode, fail: Fail): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const parameter = equals < 0 ? pair : pair.slice(0, equals);
    if (parameter !== "key" && parameter !== "db") fail(`there is no parameter "${parameter}"`);
    parameters.set(parameter, decode(parameter, equals < 0 ? "" : pair.slice(equals + 1)));
  }
  return parameters;
}

function readCredentials(
  userinfo: string | undefined,
  decode: Decode,
): Pick<RedisUri, "username" | "password"> {
  if (!userinfo) return { username: undefined, password: undefined };
  const colon = userinfo.indexOf(":");
  const username = colon > 0 ? decode("user", userinfo.slice(0, colon)) : undefined;
  return { username, password: decode("password", userinfo.slice(colon + 1)) };
}

function readDatabase(text: string, fail: Fail): number {
  if (text === "") return 0;
  if (!/^\d{1,9}$/.test(text)) fail(`"${text}" is no database number`);
  return Number(text);
}
