import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { RedisServer, type RedisServerOptions } from "../support/redis.ts";
import { rejson } from "../support/rejson.ts";
import { type RunningRedisOptions, RunningRedisSource } from "../support/running-redis-source.ts";
import { until } from "../support/until.ts";

const document = '{"flags":{}}';
const changed = '{"flags":{"a":1}}';
/** No poll but the first falls into a test. */
const rarely = { interval: 3600 };

setDefaultTimeout(60_000);

let json: string;
let certificates: Certificates;

beforeAll(async () => {
  certificates = makeCertificates();
  json = await rejson();
}, 300_000);

afterAll(() => certificates.remove());

async function serverWith(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  await server.set("flags", document);
  return server;
}

const uriOf = ({ port }: RedisServer) => `redis://127.0.0.1:${port}?key=flags`;

function run(uri: string, options: Partial<RunningRedisOptions> = {}): RunningRedisSource {
  return new RunningRedisSource({ uri, ...rarely, ...options });
}

/** Calls of each command since `CONFIG RESETSTAT`, those of the administrator left out. */
async function commandCalls(server: RedisServer): Promise<Record<string, number>> {
  const info = await server.command("INFO", "commandstats");
  const calls = [...info.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)].map(
    ([, name = "", count]) => [name, Number(count)] as const,
  );
  const own = new Set(["info", "auth", "config|resetstat", "set", "json.set", "del", "select"]);
  return Object.fromEntries(calls.filter(([name]) => !own.has(name)));
}

async function clientCount(server: RedisServer): Promise<number> {
  const list = await server.command("CLIENT", "LIST");
  return list.split("\n").filter((line) => !line.includes(" user=admin ")).length;
}

describe("a string", () => {
  test("is delivered as its bytes, and again when it changes", async () => {
    await using server = await serverWith();
    await using source = run(uriOf(server));
    await source.delivers(document);
    expect(source.payloads).toEqual([
      {
        document: Buffer.from(document),
        format: "any",
        hash: new Bun.CryptoHasher("sha3-256").update(document).digest("hex"),
        origin: 'Redis string "flags"',
      },
    ]);
    await server.set("flags", "flags: {} # é");
    await source.delivers("flags: {} # é");
    expect(source.failures).toEqual([]);
  });

  test("written again with the same content is not delivered again", async () => {
    await using server = await serverWith();
    await using source = run(uriOf(server));
    await source.delivers(document);
    const before = source.unchangedCalls;
    await server.set("flags", document);
    await until("a look at the key", () => source.unchangedCalls > before);
    expect(source.payloads).toHaveLength(1);
  });

  test("of many megabytes arrives whole", async () => {
    const large = JSON.stringify({ text: "äß∂ƒ".repeat(700_000) });
    await using server = await serverWith();
    await using source = run(uriOf(server));
    await source.delivers(document);
    await server.set("flags", large);
    await until("the large document", () => source.payloads.length === 2);
    expect(source.document === large).toBe(true);
    await source.resync();
    expect(source.payloads).toHaveLength(2);
  });
});

describe("a JSON document", () => {
  test("is delivered, and again when a part of it changes", async () => {
    await using server = await RedisServer.start({ module: json });
    await server.command("JSON.SET", "flags", "$", '{"flags":{"a":{"state":"ENABLED"}}}');
    await using source = run(uriOf(server));
    await source.delivers('{"flags":{"a":{"state":"ENABLED"}}}');
    expect(source.payloads[0]).toMatchObject({ format: "json", origin: 'Redis JSON "flags"' });
    await server.command("JSON.SET", "flags", "$.flags.a.state", '"DISABLED"');
    await source.delivers('{"flags":{"a":{"state":"DISABLED"}}}');
  });

  test("may become a string and a JSON document again", async () => {
    await using server = await serverWith({ module: json });
    await using source = run(uriOf(server));
    await source.delivers(document);
    await server.command("DEL", "flags");
    await server.command("JSON.SET", "flags", "$", changed);
    await source.delivers(changed);
    await server.set("flags", document);
    await source.delivers(document);
  });

  test("is read by a user who may not GET", async () => {
    await using server = await RedisServer.start({
      module: json,
      users: [["reader", "on", ">pw", "~flags", "+json.get", "+ping"]],
    });
    await server.command("JSON.SET", "flags", "$", changed);
    await using source = run(`redis://reader:pw@127.0.0.1:${server.port}?key=flags`);
    await source.delivers(changed);
  });
});

describe("polls", () => {
  test("deliver a change at the interval if nothing else tells of it", async () => {
    await using server = await serverWith();
    await using source = run(uriOf(server), { interval: 1, watch: false });
    await source.delivers(document);
    await server.set("flags", changed);
    await source.delivers(changed);
  });

  test("take one command while a string does not change", async () => {
    await using server = await serverWith({ module: json });
    await using source = run(uriOf(server), { watch: false });
    await source.delivers(document);
    await server.command("CONFIG", "RESETSTAT");
    for (let n = 0; n < 5; n++) await source.resync();
    expect(await commandCalls(server)).toEqual({ get: 5 });
  });

  test("take one command while a JSON document does not change", async () => {
    await using server = await RedisServer.start({ module: json });
    await server.command("JSON.SET", "flags", "$", changed);
    await using source = run(uriOf(server), { watch: false });
    await source.delivers(changed);
    await server.command("CONFIG", "RESETSTAT");
    for (let n = 0; n < 5; n++) await source.resync();
    expect(await commandCalls(server)).toEqual({ "json.get": 5 });
  });

  test("do not pile up when many resyncs are asked for at once", async () => {
    await using server = await serverWith();
    await using source = run(uriOf(server), { watch: false });
    await source.delivers(document);
    await server.command("CONFIG", "RESETSTAT");
    for (let n = 0; n < 1000; n++) source.source.resync();
    await until("a poll", () => source.unchangedCalls > 0);
    await source.resync();
    const { get } = await commandCalls(server);
    expect(get).toBeLessThanOrEqual(4);
  });
});

describe("the hint", () => {
  test.each<[string, (server: RedisServer) => Promise<unknown>]>([
    ["SET", (server) => server.set("flags", changed)],
    ["APPEND", (server) => server.command("APPEND", "flags", " ")],
    ["DEL", (server) => server.command("DEL", "flags")],
    ["FLUSHALL", (server) => server.command("FLUSHALL")],
    ["RENAME", (server) => server.command("RENAME", "flags", "elsewhere")],
    ["PEXPIRE", (server) => server.command("PEXPIRE", "flags", "1")],
  ])("shows %s without waiting for a poll, time and again", async (_, change) => {
    await using server = await serverWith();
    await using source = run(uriOf(server));
    for (let n = 0; n < 2; n++) {
      await server.set("flags", document);
      await source.delivers(document);
      const before = source.results;
      await change(server);
      await until("the change", () => source.results > before);
    }
  });

  test("leaves the server's configuration as it is", async () => {
    await using server = await serverWith();
    const before = await server.command("CONFIG", "GET", "*");
    await using source = run(uriOf(server));
    await source.delivers(document);
    await server.set("flags", changed);
    await source.delivers(changed);
    expect(await server.command("CONFIG", "GET", "*")).toBe(before);
  });

  test("costs no fetch while the key is not written to", async () => {
    await using server = await serverWith();
    await using source = run(uriOf(server), { watch: "poll" });
    await source.delivers(document);
    await server.command("CONFIG", "RESETSTAT");
    const questions = await until("some questions", async () => {
      const calls = await commandCalls(server);
      return (calls["client|info"] ?? 0) > 3 && calls;
    });
    expect(Object.keys(questions)).toEqual(["client|info"]);
  });

  test("is not asked for when watch is false", async () => {
    await using server = await serverWith();
    await using source = run(uriOf(server), { watch: false });
    await source.delivers(document);
    await server.set("flags", changed);
    await Bun.sleep(300);
    expect(source.document).toBe(document);
    expect(Object.keys(await commandCalls(server))).not.toContain("watch");
    await source.resync();
    expect(source.document).toBe(changed);
  });

  test.each([
    ["WATCH", "-watch"],
    ["UNWATCH", "-unwatch"],
    ["CLIENT INFO", "-client"],
  ])("is done without, said once, if %s is not permitted", async (_, rule) => {
    await using server = await serverWith({
      users: [["reader", "on", ">pw", "~flags", "+@all", rule]],
    });
    await using source = run(`redis://reader:pw@127.0.0.1:${server.port}?key=flags`, {
      interval: 1,
    });
    await source.delivers(document);
    await server.set("flags", changed);
    await source.delivers(changed);
    await source.resync();
    expect(source.failures).toEqual([]);
    const said = source.log.entries.filter(({ message }) => message.includes("WATCH"));
    expect(said.map(({ level }) => level)).toEqual(["info"]);
  });
});

describe("credentials", () => {
  test("of an ACL user with the rights to read one key", async () => {
    await using server = await serverWith({
      users: [
        ["reader", "on", ">pw", "~flags", "+ping", "+get", "+watch", "+unwatch", "+client|info"],
      ],
    });
    await using source = run(`redis://reader:pw@127.0.0.1:${server.port}?key=flags`);
    await source.delivers(document);
    await server.set("flags", changed);
    await source.delivers(changed);
    expect(source.failures).toEqual([]);
    expect(source.source.name).toBe(`redis://127.0.0.1:${server.port}?key=flags`);
  });

  test.each(["", ":"])("as a password alone, after %p", async (before) => {
    await using server = await serverWith({ password: "secret" });
    await using source = run(`redis://${before}secret@127.0.0.1:${server.port}?key=flags`);
    await source.delivers(document);
  });

  test.each(["p:w", "p@w", "p/w?x#y", "100%", "%41", "a b+c", "\"\\'", "pässwörd→", "[]{}<>^|"])(
    "%s, percent-encoded, as password and as user",
    async (text) => {
      await using server = await serverWith({
        password: text,
        users: text.includes(" ") ? [] : [[text, "on", `>${text}`, "~*", "+@all"]],
      });
      const encoded = encodeURIComponent(text);
      const location = `127.0.0.1:${server.port}?key=flags`;
      await using source = run(`redis://:${encoded}@${location}`);
      await source.delivers(document);
      if (text.includes(" ")) return;
      await using user = run(`redis://${encoded}:${encoded}@${location}`);
      await user.delivers(document);
    },
  );
});

describe("a hash", () => {
  const flag = (variant: string) =>
    JSON.stringify({ state: "ENABLED", variants: { a: "a", b: "b" }, defaultVariant: variant });
  const flagsOf = (source: RunningRedisSource) => JSON.parse(source.document ?? "{}").flags;

  test("is one document with a flag a field, and follows each field at once", async () => {
    await using server = await RedisServer.start();
    await server.command("HSET", "flags", "one", flag("a"), "two", flag("a"));
    await server.command("HSET", "flags", "metadata", '{"team":"x"}', "$evaluators", '{"e":true}');
    await using source = run(`redis://127.0.0.1:${server.port}?hash=flags`);
    await until("the flags", () => source.document !== undefined);
    expect(JSON.parse(source.document ?? "")).toEqual({
      flags: { one: JSON.parse(flag("a")), two: JSON.parse(flag("a")) },
      metadata: { team: "x" },
      $evaluators: { e: true },
    });
    await server.command("HSET", "flags", "two", flag("b"));
    await until("the change", () => flagsOf(source).two.defaultVariant === "b");
    await server.command("HDEL", "flags", "one");
    await until("the end of a flag", () => !("one" in flagsOf(source)));
    expect(source.failures).toEqual([]);
  });

  test("with a wrong field keeps that flag as it was, the others follow", async () => {
    await using server = await RedisServer.start();
    await server.command("HSET", "flags", "one", flag("a"), "two", flag("a"), "bad", "{");
    await using source = run(`redis://127.0.0.1:${server.port}?hash=flags`);
    await until("the flags", () => source.document !== undefined);
    expect(Object.keys(flagsOf(source))).toEqual(["one", "two"]);
    expect(source.payloads[0]?.problems).toEqual([
      { path: "$.flags.bad", reason: "the field is not valid JSON" },
    ]);
    await server.command("HSET", "flags", "one", "[1]", "two", flag("b"));
    await until("the change", () => flagsOf(source).two.defaultVariant === "b");
    expect(flagsOf(source).one.defaultVariant).toBe("a");
    expect(source.payloads.at(-1)?.problems?.map(({ path }) => path)).toContain("$.flags.one");
  });

  test("that is a string, or is gone, is said to be", async () => {
    await using server = await serverWith();
    await using source = run(`redis://127.0.0.1:${server.port}?hash=flags`);
    await source.fails('the key "flags" is not a hash: for a document, write key=');
    await server.command("DEL", "flags");
    await source.fails('the hash "flags" does not exist');
  });
});

describe("several keys", () => {
  const flags = (flags: Record<string, string>, metadata = {}) =>
    JSON.stringify({
      flags: Object.fromEntries(
        Object.entries(flags).map(([key, value]) => [
          key,
          { state: "ENABLED", variants: { v: value }, defaultVariant: "v" },
        ]),
      ),
      metadata,
    });

  test("are read at once, and of the same flag the later one counts", async () => {
    await using server = await RedisServer.start();
    await server.set("base", flags({ a: "base", b: "base" }, { from: "base" }));
    await server.set("over", flags({ b: "over" }));
    await using source = run(`redis://127.0.0.1:${server.port}?key=base&key=over`);
    const values = () =>
      (
        JSON.parse(source.document ?? '{"flags":[]}').flags as { key: string; variants: object }[]
      ).map(({ key, variants }) => `${key} ${Object.values(variants)}`);
    await until("the flags", () => values().length === 3);
    expect(values()).toEqual(["a base", "b base", "b over"]);
    expect(JSON.parse(source.document ?? "").flags[0].metadata).toEqual({ from: "base" });
    await server.set("over", flags({ a: "over" }));
    await until("the change", () => values().includes("a over"));
    const calls = await commandCalls(server);
    expect(Object.keys(calls)).toContain("mget");
    expect(calls).not.toHaveProperty("get");
    await server.command("DEL", "over");
    await source.fails('the key "over" does not exist in the database');
  });
});

describe("secrets in files", () => {
  test("are read again for each connection: a new password needs no restart", async () => {
    const passwordFile = join(certificates.folder, `password-${crypto.randomUUID()}`);
    await writeFile(passwordFile, "old\n");
    await using server = await serverWith({ password: "old" });
    await using source = run(uriOf(server), { passwordFile, interval: 1 });
    await source.delivers(document);
    await server.command("ACL", "SETUSER", "default", "resetpass", ">new");
    await server.command("CLIENT", "KILL", "TYPE", "normal");
    await source.fails("rejected the password");
    await writeFile(passwordFile, "new\n");
    await server.set("flags", changed);
    await source.delivers(changed);
  });
});

describe("a server that", () => {
  test("closes idle connections is no failure", async () => {
    await using server = await serverWith({ config: [["timeout", "1"]] });
    await using source = run(uriOf(server), { watch: false, interval: 3 });
    await source.delivers(document);
    await until("the end of the connection", async () => (await clientCount(server)) === 0);
    await server.set("flags", changed);
    await source.delivers(changed);
    expect(source.failures).toEqual([]);
  });

  test("runs a script for seconds shows changes at once again afterwards", async () => {
    await using server = await serverWith({ config: [["busy-reply-threshold", "50"]] });
    await using source = run(uriOf(server), { watch: "poll" });
    await source.delivers(document);
    const script =
      "local t=redis.call('TIME') while true do local n=redis.call('TIME') if n[1]-t[1]>2 then return 1 end end";
    await server.command("EVAL", script, "0");
    const said = () => source.log.entries.map(({ message }) => message);
    await until("the return of the hint", () =>
      said().includes("changes are noticed at once again"),
    );
    expect(said()[0]).toStartWith("changes are noticed only by polls for now: BUSY");
    await server.set("flags", changed);
    await source.delivers(changed);
  });

  test.each([
    ["PING", ""],
    ["UNWATCH", ""],
    ["CLIENT", ""],
  ])("has no %s is read", async (command) => {
    await using server = await serverWith({ config: [["rename-command", command, ""]] });
    await using source = run(uriOf(server), { interval: 1 });
    await source.delivers(document);
    await server.set("flags", changed);
    await source.delivers(changed);
    expect(source.failures).toEqual([]);
  });

  test.each([[true], [false]])(
    "refuses to read gives advice that it accepts (JSON: %p)",
    async (withJson) => {
      await using server = await serverWith({
        ...(withJson && { module: json }),
        users: [["reader", "on", ">pw", "~other", "-@all"]],
      });
      await using source = run(`redis://reader:pw@127.0.0.1:${server.port}?key=flags`);
      const message = String(await source.ended);
      const advice = /ACL SETUSER (.*)$/.exec(message)?.[1] ?? "";
      expect(advice).toStartWith("reader ~KEY +get ");
      expect(advice.includes("json.get")).toBe(withJson);
      await server.command("ACL", "SETUSER", ...advice.replace("KEY", "flags").split(" "));
      await using other = run(`redis://reader:pw@127.0.0.1:${server.port}?key=flags`);
      await other.delivers(document);
      await server.set("flags", changed);
      await other.delivers(changed);
    },
  );
});

describe("places", () => {
  test("another database", async () => {
    await using server = await serverWith();
    await server.set("flags", changed, 3);
    await using source = run(`redis://127.0.0.1:${server.port}/3?key=flags`);
    await source.delivers(changed);
    await server.set("flags", "{}", 3);
    await source.delivers("{}");
  });

  test.each([
    ["", ""],
    ["", ":secret@"],
    ["&db=3", ""],
    ["&db=3", ":secret@"],
  ])("a socket, parameters %p, credentials %p", async (parameters, credentials) => {
    await using server = await RedisServer.start(credentials ? { password: "secret" } : {});
    await server.set("flags", document, parameters ? 3 : 0);
    const uri = `${credentials ? "unix" : "redis+unix"}://${credentials}${server.socketPath}?key=flags${parameters}`;
    await using source = run(uri);
    await source.delivers(document);
    await server.set("flags", changed, parameters ? 3 : 0);
    await source.delivers(changed);
  });

  test("the node of a cluster that has the key", async () => {
    const config = [["cluster-enabled", "yes"]];
    await using first = await RedisServer.start({ config });
    await using second = await RedisServer.start({ config });
    await first.command("CLUSTER", "ADDSLOTSRANGE", "0", "8191");
    await second.command("CLUSTER", "ADDSLOTSRANGE", "8192", "16383");
    await first.command("CLUSTER", "MEET", "127.0.0.1", `${second.port}`, `${second.busPort}`);
    for (const node of [first, second]) {
      await until("the cluster", async () =>
        (await node.command("CLUSTER", "INFO")).includes("cluster_state:ok"),
      );
    }
    // Slots 12182 and 5061, by the table of the Redis Cluster specification's CRC16.
    await second.set("foo", document);
    await first.set("bar", changed);
    await using foo = run(`redis://127.0.0.1:${first.port}?key=foo`);
    await using bar = run(`redis://127.0.0.1:${second.port}?key=bar`);
    await foo.delivers(document);
    await bar.delivers(changed);
    expect([...foo.failures, ...bar.failures]).toEqual([]);
  });
});

describe("TLS", () => {
  test.each(["localhost", "127.0.0.1"])("with a private CA, to %s", async (host) => {
    await using server = await serverWith({ tls: { server: certificates.server } });
    await using source = run(`rediss://${host}:${server.port}?key=flags`, {
      certPath: certificates.ca.cert,
    });
    await source.delivers(document);
    await server.set("flags", changed);
    await source.delivers(changed);
  });

  test("with an authority that the operator has added to the system's", async () => {
    await using server = await serverWith({ tls: { server: certificates.server } });
    const script = join(import.meta.dir, "../support/deliver-once.ts");
    const uri = `rediss://localhost:${server.port}?key=flags`;
    const child = Bun.spawn([process.execPath, script, uri], {
      env: { ...process.env, SSL_CERT_FILE: certificates.ca.cert },
      stdout: "pipe",
    });
    expect((await new Response(child.stdout).text()).trim()).toBe(document);
    expect(await child.exited).toBe(0);
  });

  test("with a certificate for another name, which is given", async () => {
    await using server = await serverWith({ tls: { server: certificates.wrongHost } });
    await using source = run(`rediss://localhost:${server.port}?key=flags`, {
      certPath: certificates.ca.cert,
      serverName: "elsewhere.example",
    });
    await source.delivers(document);
  });

  test("with a client certificate and a password", async () => {
    await using server = await serverWith({
      password: "secret",
      tls: { server: certificates.server, clientCa: certificates.ca },
    });
    await using source = run(`rediss://:secret@localhost:${server.port}?key=flags`, {
      certPath: certificates.ca.cert,
      clientCertPath: certificates.client.cert,
      clientKeyPath: certificates.client.key,
    });
    await source.delivers(document);
  });

  test("with a CA that is renewed while it runs", async () => {
    const certPath = join(certificates.folder, `ca-${crypto.randomUUID()}.crt`);
    await copyFile(certificates.ca.cert, certPath);
    await using server = await serverWith({ tls: { server: certificates.server } });
    await using source = run(`rediss://localhost:${server.port}?key=flags`, {
      certPath,
      interval: 1,
    });
    await source.delivers(document);
    await server.kill();
    await copyFile(certificates.foreignCa.cert, certPath);
    await server.start({ tls: { server: certificates.foreign } });
    await server.set("flags", changed);
    await source.delivers(changed);
  });
});

test("an end leaves no connection", async () => {
  await using server = await serverWith();
  const sources = Array.from({ length: 20 }, () => run(uriOf(server)));
  await Promise.all(sources.map((source) => source.delivers(document)));
  expect(await clientCount(server)).toBeGreaterThanOrEqual(20);
  await Promise.all(sources.map((source) => source[Symbol.asyncDispose]()));
  await until("the end of all connections", async () => (await clientCount(server)) === 0);
});
