import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ConfigError } from "../../../../src/core/errors.ts";
import { clientUrl } from "../../../../src/sources/redis/connection.ts";
import { parseRedisUri, redactUri } from "../../../../src/sources/redis/redis-uri.ts";
import { addressOf } from "./fake-redis.ts";

const plain = {
  topology: "server",
  endpoints: [{ host: "h", port: 6379 }],
  master: undefined,
  content: { keys: ["k"] },
  tls: false,
  username: undefined,
  password: undefined,
  database: 0,
};

describe("every form of URI is understood", () => {
  test.each([
    ["redis://h?key=k", plain],
    ["redis://h/?key=k", plain],
    ["REDIS://h:6379/0?key=k", plain],
    ["redis://h:7000/3?key=k", { ...plain, endpoints: [{ host: "h", port: 7000 }], database: 3 }],
    ["redis://h?key=k&db=3", { ...plain, database: 3 }],
    ["redis://pw@h?key=k", { ...plain, password: "pw" }],
    ["redis://:pw@h?key=k", { ...plain, password: "pw" }],
    ["redis://u:pw@h?key=k", { ...plain, username: "u", password: "pw" }],
    ["redis://u:@h?key=k", { ...plain, username: "u", password: "" }],
    ["redis://u:a:b@h?key=k", { ...plain, username: "u", password: "a:b" }],
    ["redis://u:a@b@h?key=k", { ...plain, username: "u", password: "a@b" }],
    ["redis://u%3A:p%40%2F%3F%23%25@h?key=k", { ...plain, username: "u:", password: "p@/?#%" }],
    ["redis://@h?key=k", plain],
    ["redis://[::1]:7000?key=k", { ...plain, endpoints: [{ host: "::1", port: 7000 }] }],
    ["valkey://h?key=k", plain],
    ["rediss://h?key=k", { ...plain, tls: true }],
    ["valkeys://h?key=k", { ...plain, tls: true }],
    ["redis+tls://h?key=k", { ...plain, tls: true }],
    ["unix:///run/r.sock?key=k", { ...plain, endpoints: [{ path: "/run/r.sock" }] }],
    [
      "unix://:pw@/r.sock?db=1&key=k",
      {
        ...plain,
        endpoints: [{ path: "/r.sock" }],
        password: "pw",
        database: 1,
      },
    ],
    ["redis+unix:///run/r.sock?key=k", { ...plain, endpoints: [{ path: "/run/r.sock" }] }],
    ["valkey+unix:///run/r.sock?key=k", { ...plain, endpoints: [{ path: "/run/r.sock" }] }],
    [
      "redis+unix://u:p%2Fw@/run/r.sock?db=2&key=k",
      {
        ...plain,
        endpoints: [{ path: "/run/r.sock" }],
        username: "u",
        password: "p/w",
        database: 2,
      },
    ],
    ["redis://h?key=a&key=b", { ...plain, content: { keys: ["a", "b"] } }],
    ["redis://h?hash=flags", { ...plain, content: { hash: "flags" } }],
    [
      "redis+cluster://a,b:7001,[::1]:7002?key=k",
      {
        ...plain,
        topology: "cluster",
        endpoints: [
          { host: "a", port: 6379 },
          { host: "b", port: 7001 },
          { host: "::1", port: 7002 },
        ],
      },
    ],
    ["rediss+cluster://h?key=k", { ...plain, topology: "cluster", tls: true }],
    [
      "redis+sentinel://u:p@a,b:26380/my%20master/2?key=k",
      {
        ...plain,
        topology: "sentinel",
        endpoints: [
          { host: "a", port: 26_379 },
          { host: "b", port: 26_380 },
        ],
        master: "my master",
        username: "u",
        password: "p",
        database: 2,
      },
    ],
    [
      "valkeys+sentinel://h:1/m?key=k",
      {
        ...plain,
        topology: "sentinel",
        endpoints: [{ host: "h", port: 1 }],
        master: "m",
        tls: true,
      },
    ],
  ])("%s", (uri, address) => {
    expect(parseRedisUri(uri)).toMatchObject({ ...address, name: redactUri(uri) });
  });

  test("the key is percent-decoded, and + is a plus", () => {
    expect(parseRedisUri("redis://h?key=a%20b%26c+d@e").content).toEqual({ keys: ["a b&c+d@e"] });
  });
});

describe("a wrong URI is refused with what is wrong", () => {
  test.each([
    ["localhost:6379", "it is not a URI"],
    ["http://h?key=k", "unknown scheme http"],
    ["redis://h", "the parameter key is missing"],
    ["redis://h?key=", "the parameter key is missing"],
    ["redis://h?kee=k", 'unknown parameter "kee"'],
    ["redis://h?key=a&key=a", "the same key is given twice"],
    ["redis://h?key=a&hash=b", "either in keys or in a hash"],
    ["redis://h?hash=", "the parameter hash is empty"],
    ["redis://a,b?key=k", "several hosts: write redis+cluster:// or redis+sentinel://"],
    ["redis+cluster://a,b/1?key=k", "a Redis Cluster has only database 0"],
    ["redis+cluster://a,,b?key=k", "the host is missing"],
    ["redis+sentinel://a?key=k", "the name of the master is missing"],
    ["redis+sentinel://a/m/0/x?key=k", "the path must be /MASTER or /MASTER/db"],
    ["rediss+unix:///r.sock?key=k", "TLS is not used over a Unix socket"],
    ["redis://?key=k", "the host is missing"],
    ["redis://a b?key=k", "the host is not valid"],
    ["redis://a\\b?key=k", "the host is not valid"],
    ["redis://<host>?key=k", "the host is not valid"],
    ["redis://::1?key=k", "the host is not valid"],
    ["redis://h:x?key=k", 'the port must be a number from 1 to 65535, not "x"'],
    ["redis://h:0?key=k", "the port must be a number from 1 to 65535"],
    ["redis://h:65536?key=k", "the port must be a number from 1 to 65535"],
    ["redis://h/abc?key=k", 'the database must be a number, not "abc"'],
    ["redis://h/-1?key=k", 'the database must be a number, not "-1"'],
    ["redis://h/3/?key=k", 'the database must be a number, not "3/"'],
    ["redis://h/3?key=k&db=3", "the database is given twice"],
    ["redis://h?key=a#b", 'write "#" as %23'],
    ["redis://:100%@h?key=k", "the password is not valid percent-encoding"],
    ["redis://:a/b@h?key=k", 'unexpected "@" after the host'],
    ["redis://:a?b@h?key=k", 'unexpected "@" after the host'],
    ["redis+unix://h/run/r.sock?key=k", "a Unix socket has no host"],
    ["redis+unix://?key=k", "the path of the socket is missing"],
    ["redis+unix:///run/a%20b.sock?key=k", "free of spaces"],
    ["redis+unix:///run/../r.sock?key=k", "must be normalized"],
  ])("%s", (uri, problem) => {
    expect(() => parseRedisUri(uri)).toThrow(ConfigError);
    expect(() => parseRedisUri(uri)).toThrow(problem);
    expect(() => parseRedisUri(uri)).toThrow("expected redis://host[:port]");
  });
});

describe("credentials stay secret", () => {
  test.each([
    ["redis://pw@h:1/0?key=k", "redis://h:1/0?key=k"],
    ["redis://u:pw@h?key=a@b", "redis://h?key=a@b"],
    ["redis://u:a/b@c@h?key=k", "redis://h?key=k"],
    ["redis://h?key=k", "redis://h?key=k"],
    ["u:pw@h", "h"],
    ["redis://h?key=a?b=c&db=1", "redis://h?key=a?b=c&db=1"],
    ["redis://h/0?user=u&password=pw&key=k", "redis://h/0?user=…&password=…&key=k"],
  ])("%s is shown as %s", (uri, shown) => {
    expect(redactUri(uri)).toBe(shown);
  });

  test("no password is in the name or in an error, encoded or not, wherever the URI is wrong", () => {
    const secret = fc.string({ minLength: 6, maxLength: 12, unit: "grapheme-ascii" });
    const rest = fc.constantFrom("h?key=k", "h", "h:x?key=k", "h/x?key=k", "?key=k", "h?kee=k");
    fc.assert(
      fc.property(secret, fc.boolean(), rest, (password, encoded, rest) => {
        const text = `SECRET${password}SECRET`;
        const uri = `redis://:${encoded ? encodeURIComponent(text) : text}@${rest}`;
        fc.pre(!uri.includes("key=") || uri.indexOf("key=") > uri.lastIndexOf("@"));
        expect(shown(uri)).not.toContain("SECRET");
      }),
    );
  });

  test("a client's URL gives back user, password and database of any spelling", () => {
    const text = fc.string({ minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, text, fc.nat(999_999_999), (user, password, database) => {
        const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
        const address = parseRedisUri(`redis://${credentials}@h/${database}?key=k`);
        expect(address).toMatchObject({ username: user, password, database });
        const url = new URL(clientUrl({ ...address, endpoint: address.endpoints[0] }));
        expect(decodeURIComponent(url.username)).toBe(user);
        expect(decodeURIComponent(url.password)).toBe(password);
        expect(url.pathname).toBe(`/${database}`);
      }),
    );
  });
});

test("a password alone gets the colon that Bun's client needs", () => {
  expect(clientUrl(addressOf("redis://pw@h?key=k"))).toBe("redis://:pw@h:6379/0");
});

test("a socket with credentials gets the host that Bun's client needs", () => {
  expect(clientUrl(addressOf("redis+unix://:pw@/r.sock?key=k"))).toBe(
    "redis+unix://:pw@localhost/r.sock",
  );
});

function shown(uri: string): string {
  try {
    return parseRedisUri(uri).name;
  } catch (error) {
    return error instanceof ConfigError ? error.message : `unexpected: ${error}`;
  }
}
