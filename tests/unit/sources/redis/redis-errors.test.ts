import { describe, expect, test } from "bun:test";
import type { RedisAddress } from "../../../../src/sources/redis/redis-address.ts";
import {
  explainRedisError,
  Redirection,
  RedisError,
} from "../../../../src/sources/redis/redis-errors.ts";
import { redisError } from "./fake-redis.ts";

const address: RedisAddress = {
  endpoint: { host: "h", port: 6379 },
  tls: true,
  username: "app",
  password: "hunter2",
  database: 7,
};

// Codes and messages as Bun 1.4.5 gives them; the codes of some overlap.
const auth = "ERR_REDIS_AUTHENTICATION_FAILED";
const invalid = "ERR_REDIS_INVALID_COMMAND";
const server = "ERR_REDIS_SERVER_ERROR";

describe("what only the operator can fix is permanent, with what to do", () => {
  test.each([
    [
      auth,
      "WRONGPASS invalid username-password pair or user is disabled.",
      'password of user "app"',
    ],
    [
      auth,
      "NOAUTH HELLO must be called with the client already authenticated",
      "requires a password",
    ],
    [invalid, "ERR DB index is out of range", "no database 7"],
    [invalid, "ERR SELECT is not allowed in cluster mode", "only database 0"],
    [invalid, "NOPERM this user has no permissions to run the 'select' command", "+select"],
    [
      server,
      "NOPERM this user has no permissions to run the 'get' command",
      "is not permitted to read the key",
    ],
    [server, "NOPERM No permissions to access a key", "is not permitted to read the key"],
    [server, "NOPROTO unsupported protocol version", "must answer HELLO 3"],
    [
      server,
      "ERR unknown command `HELLO`, with args: `3` `AUTH` `app` `hunter2`",
      "must answer HELLO 3",
    ],
    [server, "DENIED Redis is running in protected mode because", "protected mode"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "self signed certificate in certificate chain", "certPath"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify the first certificate", "certPath"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "Hostname/IP does not match", "another host"],
    ["CERT_HAS_EXPIRED", "certificate has expired", "has expired"],
    ["CERT_NOT_YET_VALID", "certificate is not yet valid", "not valid yet"],
    ["EPROTO", "TLSV13_ALERT_CERTIFICATE_REQUIRED", "requires a client certificate"],
    ["EPROTO", "TLSV1_ALERT_UNKNOWN_CA", "rejected the client certificate"],
    ["EPROTO", "WRONG_VERSION_NUMBER", "the server does not speak TLS"],
  ])("%s %s", (code, message, expected) => {
    const explained = explainRedisError(redisError(message, code), { address });
    expect(explained).toMatchObject({ kind: "permanent" });
    expect(explained.message).toContain(expected);
    expect(explained.message).not.toContain("hunter2");
  });
});

describe("what passes by itself is retried", () => {
  test.each([
    [auth, "ERR max number of clients reached", "retryable", "maxclients"],
    [server, "LOADING Redis is loading the dataset in memory", "retryable", "loading"],
    [
      server,
      "MASTERDOWN Link with MASTER is down",
      "retryable",
      "lost the connection to its master",
    ],
    [server, "CLUSTERDOWN The cluster is down", "retryable", "cluster is down"],
    [
      "ERR_REDIS_INVALID_RESPONSE_TYPE",
      "Failed to read data",
      "protocol",
      "does not speak the Redis protocol",
    ],
    ["ERR_REDIS_CONNECTION_TIMEOUT", "Connection timeout reached after 9 ms", "timeout", ""],
    ["ERR_REDIS_CONNECTION_CLOSED", "Connection closed", "closed", ""],
  ])("%s %s", (code, message, kind, expected) => {
    const explained = explainRedisError(redisError(message, code), { address });
    expect(explained).toMatchObject({ kind });
    expect(explained.message).toContain(expected);
  });
});

test("an unknown answer is repeated, cut, without the password", () => {
  const explained = explainRedisError(redisError(`ERR hunter2 ${"x".repeat(10_000)}`), { address });
  expect(explained.message).toStartWith("the server returned an error: ERR *** xxx");
  expect(explained.message.length).toBeLessThan(400);
});

test("an error that is no Error is reported as well", () => {
  expect(explainRedisError("boom", { address })).toBeInstanceOf(RedisError);
});

test.each([
  ["MOVED 3999 127.0.0.1:6381", "MOVED", "127.0.0.1", 6381],
  ["MOVED 3999 ::1:6381", "MOVED", "::1", 6381],
  ["MOVED 3999 node.example:6381", "MOVED", "node.example", 6381],
  ["MOVED 3999 :6381", "MOVED", undefined, 6381],
  ["ASK 3999 127.0.0.1:6381", "ASK", "127.0.0.1", 6381],
  ["ASK 3999 :6381", "ASK", undefined, 6381],
] as const)("%s is a redirection", (message, type, host, port) => {
  expect(explainRedisError(redisError(message), { address })).toEqual(
    new Redirection(type, host, port),
  );
});
