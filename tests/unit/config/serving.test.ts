import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRedisSyncConfig } from "../../../src/config/redis-sync-config.ts";
import { readStartConfig } from "../../../src/config/start-config.ts";
import { ConfigError } from "../../../src/core/errors.ts";

const source = ["-f", "file:flags.json"];

async function start(args: readonly string[], environment: Record<string, string> = {}) {
  const config = await readStartConfig([...args, ...source], environment);
  if (!config) throw new Error("help was asked for");
  const { evaluation, sync, ofrep, management } = config;
  return [evaluation.address, sync.address, ofrep.address, management];
}

async function redisSync(args: readonly string[]) {
  const config = await readRedisSyncConfig(["--redis-uri", "redis://h?key=k", ...args], {});
  if (!config) throw new Error("help was asked for");
  return [config.sync.address, config.management];
}

const allAddresses = [{ port: 8013 }, { port: 8015 }, { port: 8014 }, { port: 8014 }];

test("without a host all addresses are listened at", async () => {
  expect(await start([])).toEqual(allAddresses);
  expect(await start(["--listen", ""])).toEqual(allAddresses);
});

test("every port takes a host of its own", async () => {
  const args = ["-p", "127.0.0.1:1", "-g", "[::1]:2", "-r", "localhost:3", "-m", "flags.example:4"];
  expect(await start(args)).toEqual([
    { host: "127.0.0.1", port: 1 },
    { host: "::1", port: 2 },
    { host: "localhost", port: 3 },
    { host: "flags.example", port: 4 },
  ]);
  expect(
    await redisSync(["--redis-sync-port", "[::1]:5", "--management-port", "127.0.0.1:6"]),
  ).toEqual([
    { host: "::1", port: 5 },
    { host: "127.0.0.1", port: 6 },
  ]);
});

test("--listen is for the ports that name no host", async () => {
  expect(await start(["--listen", "127.0.0.1", "-g", "10.0.0.1:8015"])).toEqual([
    { host: "127.0.0.1", port: 8013 },
    { host: "10.0.0.1", port: 8015 },
    { host: "127.0.0.1", port: 8014 },
    { host: "127.0.0.1", port: 8014 },
  ]);
  const ipv6 = { host: "::1", port: 8016 };
  for (const host of ["::1", "[::1]"])
    expect((await redisSync(["--listen", host]))[0]).toEqual(ipv6);
  expect(await redisSync(["--listen", "::1", "--management-port", "0"])).toEqual([ipv6, undefined]);
});

test("they come from the environment and the configuration file, too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flagd-addresses-"));
  try {
    const file = join(folder, "flagd.yaml");
    writeFileSync(file, 'listen: "::1"\nport: 127.0.0.1:1\nsync-port: "[::1]:2"\n');
    const environment = { FLAGD_OFREP_PORT: "[::]:3", FLAGD_MANAGEMENT_PORT: "4" };
    expect(await start(["--config", file], environment)).toEqual([
      { host: "127.0.0.1", port: 1 },
      { host: "::1", port: 2 },
      { host: "::", port: 3 },
      { host: "::1", port: 4 },
    ]);
    const listen = (await start([], { FLAGD_LISTEN: "127.0.0.1" }))[0];
    expect(listen).toEqual({ host: "127.0.0.1", port: 8013 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a link of Kubernetes is still no port", async () => {
  expect(await start([], { FLAGD_PORT: "tcp://10.0.0.1:8013" })).toEqual(allAddresses);
});

describe("a wrong address is refused", () => {
  const wrong: readonly (readonly [value: string, message: string])[] = [
    ["x", '"x" is not a whole number from 0 to 65535'],
    ["h:65536", '"65536" is not a whole number from 0 to 65535'],
    ["h:", '"" is not a whole number from 0 to 65535'],
    [":8013", '":8013" has no host before its colon: write --port=8013'],
    [
      "::1",
      '"::1" has no port: an IPv6 address stands in brackets before its port, as in [::1]:8013',
    ],
    [
      "[::1]",
      '"[::1]" has no port: an IPv6 address stands in brackets before its port, as in [::1]:8013',
    ],
    ["[h]:1", '"[h]" has no IPv6 address in its brackets'],
    ["[::1:1", '"[::1:1" is not [host:]port, such as 8013, 127.0.0.1:8013 or [::1]:8013'],
    ["http://h:1", '"http://h:1" is not [host:]port, such as 8013, 127.0.0.1:8013 or [::1]:8013'],
    ["a b:1", '"a b" is neither a host name nor an IP address'],
    ["*:1", '"*" is neither a host name nor an IP address'],
  ];
  test.each(wrong)("%s", (value, message) => {
    const expected = new ConfigError(`invalid value for --port: ${message}`);
    return expect(start(["--port", value])).rejects.toThrow(expected);
  });

  test("a host with a port after --listen", () => {
    const message =
      'invalid value for --listen: "127.0.0.1:80" is a host with a port: the ports have options of their own';
    return expect(start(["--listen", "127.0.0.1:80"])).rejects.toThrow(new ConfigError(message));
  });
});

describe("two listeners on one address", () => {
  const overlap = (one: string, other: string) =>
    `${one} and ${other} overlap: give both the same host, or different ports`;
  const refused: readonly (readonly [args: string, message: string])[] = [
    ["-p 127.0.0.1:1 -g 127.0.0.1:1", "--port and --sync-port are both 127.0.0.1:1"],
    ["-p localhost:1 -g 127.0.0.1:1", "--port and --sync-port are both 127.0.0.1:1"],
    ["-p [::1]:1 -g [0:0::1]:1", "--port and --sync-port are both [0:0::1]:1"],
    ["-p 1 -g 127.0.0.1:1", overlap("--port ([::]:1)", "--sync-port (127.0.0.1:1)")],
    ["-p 0.0.0.0:1 -g 10.0.0.1:1", overlap("--port (0.0.0.0:1)", "--sync-port (10.0.0.1:1)")],
    [
      "-m 127.0.0.1:8014",
      overlap("--management-port (127.0.0.1:8014)", "--ofrep-port ([::]:8014)"),
    ],
  ];
  test.each(refused)("%s is refused", (args, message) =>
    expect(start(args.split(" "))).rejects.toThrow(new ConfigError(message)),
  );
  test.each([
    "-p 127.0.0.1:1 -g 127.0.0.2:1",
    "-p 127.0.0.1:1 -g [::1]:1",
    "-p 0.0.0.0:1 -g [::1]:1",
    "-p 127.0.0.1:0 -g 127.0.0.1:0",
    "-m 127.0.0.1:1 -r 10.0.0.1:1",
    "-m 127.0.0.1:1 -r localhost:1",
  ])("%s is not", async (args) => {
    expect(await start(args.split(" "))).toHaveLength(4);
  });
});
