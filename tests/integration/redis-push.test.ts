/** Changes that Redis pushes: nothing is asked for in between. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { RedisServer, type RedisServerOptions } from "../support/redis.ts";
import { rejson } from "../support/rejson.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { type RunningRedisOptions, RunningRedisSource } from "../support/running-redis-source.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const document = '{"flags":{}}';
const changed = '{"flags":{"a":1}}';

let json: string;
let certificates: Certificates;
beforeAll(async () => {
  certificates = makeCertificates();
  json = await rejson();
}, 300_000);
afterAll(() => certificates.remove());

/** Waits of a second or more last until something ends them: no poll and no look at the watch comes. */
const pushesOnly: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms < 1000 ? ms : 1_000_000, signal),
};
/** They last 100 ms: looks come soon. */
const hasty: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms < 1_000_000 ? Math.min(ms, 100) : ms, signal),
};

function run(uri: string, options: Partial<RunningRedisOptions> = {}, clock = pushesOnly) {
  return new RunningRedisSource({ uri, interval: 3600, ...options }, clock, rememberingLog());
}

const place = (server: RedisServer) => `127.0.0.1:${server.port}`;

/** The connections that are not the administrator's. */
async function clients(server: RedisServer): Promise<string[]> {
  const list = await server.command("CLIENT", "LIST");
  return list.split("\n").filter((line) => !line.includes(" user=admin "));
}

/** Waits until the flags have been read by a connection whose reads are tracked. */
async function tracked(server: RedisServer): Promise<void> {
  await until("the tracked read", async () =>
    (await clients(server)).some(
      (line) => /flags=\w*t/.test(line) && /cmd=(get|hgetall|mget|json\.get) /i.test(line),
    ),
  );
}

const said = (source: RunningRedisSource) => source.log.entries.map(({ message }) => message);

describe("a change is pushed", () => {
  const set = (server: RedisServer, text: string) => server.set("flags", text);
  const setField = (server: RedisServer, text: string) =>
    server.command("HSET", "flags", "metadata", JSON.stringify({ text }));
  const setJson = (server: RedisServer, text: string) =>
    server.command("JSON.SET", "flags", "$", text);
  const setSecond = async (server: RedisServer, text: string) => {
    await server.command("SETNX", "flags", document);
    await server.set("more", text);
  };

  test.each<
    [
      string,
      (server: RedisServer, text: string) => Promise<unknown>,
      (server: RedisServer) => string,
      (() => RedisServerOptions)?,
      (() => Partial<RunningRedisOptions>)?,
    ]
  >([
    ["of a string", set, (server) => `redis://${place(server)}?key=flags`],
    [
      "in another database",
      (server, text) => server.set("flags", text, 3),
      (server) => `redis://${place(server)}/3?key=flags`,
    ],
    ["of a field of a hash", setField, (server) => `redis://${place(server)}?hash=flags`],
    ["of the second key", setSecond, (server) => `redis://${place(server)}?key=flags&key=more`],
    [
      "of a RedisJSON document",
      setJson,
      (server) => `redis://${place(server)}?key=flags`,
      () => ({ module: json }),
    ],
    ["over a Unix socket", set, (server) => `redis+unix://${server.socketPath}?key=flags`],
    [
      "over TLS, with a client certificate",
      set,
      (server) => `rediss://localhost:${server.port}?key=flags`,
      () => ({ tls: { server: certificates.server, clientCa: certificates.ca } }),
      () => ({
        certPath: certificates.ca.cert,
        clientCertPath: certificates.client.cert,
        clientKeyPath: certificates.client.key,
      }),
    ],
    [
      "to a user who may do nothing else",
      set,
      (server) => `redis://reader:pw@${place(server)}?key=flags`,
      () => ({
        users: [
          ["reader", "on", ">pw", "~flags", "-@all", "+get", "+watch", "+unwatch"].concat(
            "+client|info",
            "+client|tracking",
          ),
        ],
      }),
    ],
  ])("%s, time and again", async (_, change, uri, serverOptions, options) => {
    await using server = await RedisServer.start(serverOptions?.());
    await change(server, document);
    await using source = run(uri(server), options?.());
    await until("the start", () => source.payloads.length === 1);
    for (let n = 2; n < 5; n++) {
      await tracked(server);
      await change(server, n % 2 ? document : changed);
      await until("the change", () => source.payloads.length === n);
    }
    expect([...source.failures, ...said(source)]).toEqual([]);
  });

  test("if all keys are deleted, and if the key comes back", async () => {
    await using server = await RedisServer.start();
    await server.set("flags", document);
    await using source = run(`redis://${place(server)}?key=flags`);
    await source.delivers(document);
    await tracked(server);
    await server.command("FLUSHALL");
    await source.fails("does not exist");
    await tracked(server);
    await server.set("flags", changed);
    await source.delivers(changed);
  });

  test("once for many that come together", async () => {
    await using server = await RedisServer.start();
    await server.set("flags", document);
    await using source = run(`redis://${place(server)}?key=flags`);
    await source.delivers(document);
    await tracked(server);
    await server.command("CONFIG", "RESETSTAT");
    const script = "for n = 1, 300 do redis.call('SET', KEYS[1], ARGV[1]) end";
    for (let n = 0; n < 10; n++) await server.command("EVAL", script, "1", "flags", changed);
    await source.delivers(changed);
    const gets = /cmdstat_get:calls=(\d+)/.exec(await server.command("INFO", "commandstats"));
    expect(Number(gets?.[1])).toBeLessThan(25);
  });
});

describe("without pushes", () => {
  test.each([
    ["the second connection is cut", "connection closed"],
    ["a change was missed", "a change was not pushed"],
  ])("if %s, changes are looked for, which is said once, as their return is", async (what) => {
    await using server = await RedisServer.start();
    await server.set("flags", document);
    const uri = `redis://${place(server)}?key=flags`;
    await using source = run(uri, {}, hasty);
    await source.delivers(document);
    await tracked(server);
    // That the server tracks does not mean that a read was tracked: this one is.
    const first = '{"flags":{"a":1}}';
    await server.set("flags", first);
    await source.delivers(first);
    if (what === "a change was missed") {
      // The server never pushes that a database was exchanged for another one, but of a key that it was written to in
      // any of them: the read that follows may find the exchange, which then was not missed.
      await server.set("flags", changed, 1);
      for (let n = 0; n < 20 && said(source).length === 0; n++) {
        await server.command("SWAPDB", "0", "1");
        await source.delivers(n % 2 === 0 ? changed : first);
      }
    } else {
      const pushed = (await clients(server)).find((line) => !/flags=\w*t/.test(line));
      await server.command("CLIENT", "KILL", "ID", /id=(\d+)/.exec(pushed ?? "")?.[1] ?? "");
      await until("the loss", () => said(source).length > 0, 50);
    }
    await until("the loss to be said", () => said(source).length === 1, 50);
    await server.set("flags", '{"flags":{"b":1}}');
    await source.delivers('{"flags":{"b":1}}');
    await until("the return", () => said(source).length === 2);
    expect(said(source)[0]).toStartWith("changes are not pushed for now, but looked for");
    expect(said(source)[1]).toBe("changes are pushed again");
    expect(source.failures).toEqual([]);
  });

  test("if they are not permitted, changes are looked for, which is said once", async () => {
    await using server = await RedisServer.start({
      users: [["reader", "on", ">pw", "~flags", "+@all", "-client|tracking"]],
    });
    await server.set("flags", document);
    await using source = run(`redis://reader:pw@${place(server)}?key=flags`);
    await source.delivers(document);
    for (let n = 0; n < 3; n++) {
      const text = `{"flags":{"n${n}":1}}`;
      await server.set("flags", text);
      await source.delivers(text);
    }
    await until("the refusal", () => said(source).length > 0);
    expect(said(source)).toEqual([
      "the server does not permit CLIENT TRACKING: changes are not pushed, but looked for all the time",
    ]);
    expect(await clients(server)).toHaveLength(1);
  });

  test('if watch is "poll", changes are looked for over the one connection', async () => {
    await using server = await RedisServer.start();
    await server.set("flags", document);
    await using source = run(`redis://${place(server)}?key=flags`, { watch: "poll" });
    await source.delivers(document);
    await server.set("flags", changed);
    await source.delivers(changed);
    expect(await clients(server)).toHaveLength(1);
    expect(await server.command("INFO", "commandstats")).not.toContain("tracking");
  });
});

test("an idle source asks nothing for a second and more", async () => {
  await using server = await RedisServer.start();
  await server.set("flags", document);
  await using source = run(`redis://${place(server)}?key=flags`);
  await source.delivers(document);
  await tracked(server);
  await server.command("CONFIG", "RESETSTAT");
  await Bun.sleep(300);
  expect(await server.command("INFO", "commandstats")).not.toContain("client|info");
});

test("a source that ends does not wait for an answer on the connection of the pushes", async () => {
  await using server = await RedisServer.start();
  await server.set("flags", document);
  // Lets everything through until `silent`, and then no answer on the second connection.
  let silent = false;
  let asked = false;
  let connections = 0;
  const between = createServer((client) => {
    const second = ++connections % 2 === 0;
    const upstream = connect(server.port, "127.0.0.1");
    client.on("data", (bytes) => {
      asked ||= silent && second;
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (!(silent && second)) client.write(bytes);
    });
    for (const end of [client, upstream]) {
      end.on("error", () => {});
      end.on("close", () => [client, upstream].map((socket) => socket.destroy()));
    }
  }).listen(0, "127.0.0.1");
  await once(between, "listening");
  try {
    const { port } = between.address() as AddressInfo;
    const uri = `redis://127.0.0.1:${port}?key=flags`;
    const source = run(uri, { timeoutMs: 3_600_000 }, hasty);
    await source.delivers(document);
    await tracked(server);
    // Behind a proxy, pushes are trusted after the first one.
    await server.set("flags", changed);
    await source.delivers(changed);
    await tracked(server);
    silent = true;
    await until("a look at the connection of the pushes", () => asked, 50);
    await source[Symbol.asyncDispose]();
  } finally {
    between.close();
  }
});
