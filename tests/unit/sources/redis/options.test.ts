import { describe, expect, test } from "bun:test";
import { ConfigError } from "../../../../src/config/errors.ts";
import { checkRedisOptions } from "../../../../src/sources/redis/options.ts";

const uri = "redis://:pw@h?key=k";
const secure = "rediss://:pw@h?key=k";

test("defaults: 30 s, watching, ten seconds for an answer and thirty for a document", () => {
  expect(checkRedisOptions({ uri })).toMatchObject({
    intervalMs: 30_000,
    watch: true,
    tls: undefined,
    answerTimeoutMs: 10_000,
    documentTimeoutMs: 30_000,
  });
});

test("a short interval shortens the wait for an answer, but not below three seconds", () => {
  expect(checkRedisOptions({ uri, intervalSeconds: 5 }).answerTimeoutMs).toBe(5000);
  expect(checkRedisOptions({ uri, intervalSeconds: 1 }).answerTimeoutMs).toBe(3000);
});

test("0 seconds are the default, as in every source", () => {
  expect(checkRedisOptions({ uri, intervalSeconds: 0 }).intervalMs).toBe(30_000);
});

test("files for TLS are taken over", () => {
  const files = { certPath: "ca", clientCertPath: "c", clientKeyPath: "k", serverName: "n" };
  expect(checkRedisOptions({ uri: secure, ...files }).tls).toEqual({
    certPath: "ca",
    client: { certPath: "c", keyPath: "k" },
    serverName: "n",
  });
});

describe("wrong options are named", () => {
  test.each([
    [{ uri, intervalSeconds: 86_401 }, "interval must be from 1 to 86400 seconds"],
    [{ uri, intervalSeconds: -1 }, "interval must be from 1 to 86400 seconds"],
    [{ uri, intervalSeconds: Number.NaN, timeoutSeconds: 0.5 }, "timeout must be from 1"],
    [{ uri: secure, clientCertPath: "c" }, "clientCertPath and clientKeyPath must be set together"],
    [{ uri: secure, clientKeyPath: "k" }, "clientCertPath and clientKeyPath must be set together"],
    [{ uri, certPath: "ca" }, "certPath requires TLS: use rediss://"],
    [{ uri, serverName: "n" }, "serverName requires TLS"],
  ])("%o", (options, message) => {
    expect(() => checkRedisOptions(options)).toThrow(ConfigError);
    expect(() => checkRedisOptions(options)).toThrow(message);
    expect(() => checkRedisOptions(options)).not.toThrow("pw");
  });
});
