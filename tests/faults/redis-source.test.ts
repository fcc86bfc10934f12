/** What a Redis source does when its server, or the way there, is not as it should be. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { systemClock } from "../../src/core/clock.ts";
import { isPermanent } from "../../src/sources/source.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { freePort } from "../support/ports.ts";
import { RedisServer, type RedisServerOptions } from "../support/redis.ts";
import { type RunningRedisOptions, RunningRedisSource } from "../support/running-redis-source.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const document = '{"flags":{}}';
const changed = '{"flags":{"a":1}}';

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates.remove());

const uriOf = ({ port }: { port: number }) => `redis://127.0.0.1:${port}?key=flags`;

/** Polls every second and waits as little as it may for answers. */
function run(uri: string, options: Partial<RunningRedisOptions> = {}): RunningRedisSource {
  return new RunningRedisSource({ uri, interval: 1, timeoutMs: 1000, ...options });
}

async function serverWith(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  await server.set("flags", document);
  return server;
}

/** A listener that is no Redis server; `answer` is called once for each connection. */
async function peer(answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    // The end of a connection is only seen by one who reads.
    socket.resume();
    answer(socket);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    port,
    connections: () => connections,
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("a server that worked", () => {
  test("and is killed is named as refusing, and read again when it is back with other flags", async () => {
    await using server = await serverWith();
    await using source = run(uriOf(server));
    await source.delivers(document);
    await server.kill();
    await source.fails(`nothing is listening on 127.0.0.1:${server.port} (connection refused)`);
    await server.start();
    await server.set("flags", changed);
    await source.delivers(changed);
  });

  test("and is back with the same flags has nothing new", async () => {
    await using server = await serverWith();
    await using source = run(uriOf(server));
    await source.delivers(document);
    await server.kill();
    await source.fails("connection refused");
    await server.start();
    await source.fails('the key "flags" does not exist');
    const before = source.unchangedCalls;
    await server.set("flags", document);
    await until("its return", () => source.unchangedCalls > before);
    expect(source.payloads).toHaveLength(1);
  });

  test.each([true, false])("and hangs is read again when it answers (watch: %p)", async (watch) => {
    await using server = await serverWith();
    // A document may take three times as long as other answers.
    await using source = run(uriOf(server), { watch });
    await source.delivers(document);
    server.pause();
    await source.fails(`127.0.0.1:${server.port} accepts connections, but no longer responds`);
    server.resume();
    await server.set("flags", changed);
    await source.delivers(changed);
  });

  test("and hangs for less than the time it has for an answer is not noticed", async () => {
    await using server = await serverWith();
    await using source = run(uriOf(server), { timeoutMs: 3_600_000 });
    await source.delivers(document);
    server.pause();
    await Bun.sleep(200);
    server.resume();
    await server.set("flags", changed);
    await source.delivers(changed);
    expect(source.failures).toEqual([]);
  });

  test("and hangs, and is killed, is read again when it is back", async () => {
    await using server = await serverWith();
    await using source = run(uriOf(server));
    await source.delivers(document);
    server.pause();
    await source.fails("no longer responds");
    await server.kill();
    await server.start();
    await server.set("flags", changed);
    await source.delivers(changed);
  });

  test("and throws clients out is read on", async () => {
    await using server = await serverWith();
    await using source = run(uriOf(server));
    await source.delivers(document);
    await server.command("CLIENT", "KILL", "TYPE", "normal");
    await server.set("flags", changed);
    await source.delivers(changed);
    expect(source.failures).toEqual([]);
  });

  test("and changes its password says so, lives, and is read again when it has the old one", async () => {
    const users = (password: string) => ({
      users: [["reader", "on", `>${password}`, "~*", "+@all"]],
    });
    await using server = await serverWith(users("old"));
    await using source = run(`redis://reader:old@127.0.0.1:${server.port}?key=flags`);
    await source.delivers(document);
    await server.kill();
    await server.start(users("new"));
    await server.set("flags", changed);
    const failure = await source.fails('rejected the password of user "reader"');
    expect(failure).not.toContain("old");
    await server.command("ACL", "SETUSER", "reader", "resetpass", ">old");
    await source.delivers(changed);
  });

  test("and asks for a password says so, lives, and is read again when it does not", async () => {
    await using server = await serverWith();
    await using source = run(uriOf(server));
    await source.delivers(document);
    await server.kill();
    await server.start({ password: "new" });
    await server.set("flags", changed);
    await source.fails("the server requires a password");
    await server.command("ACL", "SETUSER", "default", "nopass");
    await source.delivers(changed);
  });

  test("and forbids to read says so, lives, and is read again when it permits", async () => {
    await using server = await serverWith();
    await using source = run(uriOf(server));
    await source.delivers(document);
    await server.command("ACL", "SETUSER", "default", "-get");
    await source.fails('user "default" is not permitted to read the key');
    await server.command("ACL", "SETUSER", "default", "+get");
    await server.set("flags", changed);
    await source.delivers(changed);
  });

  test("and shows an expired certificate says so, lives, and is read again with a good one", async () => {
    await using server = await serverWith({ tls: { server: certificates.server } });
    await using source = run(`rediss://localhost:${server.port}?key=flags`, {
      certPath: certificates.ca.cert,
    });
    await source.delivers(document);
    await server.kill();
    await server.start({ tls: { server: certificates.expired } });
    await source.fails("the server's certificate has expired");
    await server.kill();
    await server.start({ tls: { server: certificates.server } });
    await server.set("flags", changed);
    await source.delivers(changed);
  });
});

describe("a key that", () => {
  test.each<[string, string, (server: RedisServer) => Promise<unknown>]>([
    ["is deleted", 'the key "flags" does not exist', (server) => server.command("DEL", "flags")],
    [
      "went with all others",
      'the key "flags" does not exist',
      (server) => server.command("FLUSHALL"),
    ],
    [
      "expires",
      'the key "flags" does not exist',
      (server) => server.command("PEXPIRE", "flags", "1"),
    ],
    ["is emptied", 'the key "flags" is empty', (server) => server.set("flags", "")],
    [
      "has another type",
      'the key "flags" holds neither a string nor a JSON document',
      async (server) => {
        await server.command("DEL", "flags");
        await server.command("RPUSH", "flags", "a");
      },
    ],
  ])("%s is reported over the same connection, and read again", async (_, reason, damage) => {
    await using server = await serverWith();
    await using source = run(uriOf(server), { interval: 3600 });
    await source.delivers(document);
    const client = await server.command("CLIENT", "LIST", "TYPE", "normal");
    const id = /^id=(\d+).* user=default /m.exec(client)?.[1];
    await damage(server);
    await source.fails(reason);
    await source.resync();
    expect(source.payloads).toHaveLength(1);
    await server.set("flags", changed);
    await source.delivers(changed);
    expect(await server.command("CLIENT", "LIST", "ID", `${id}`)).toContain(`id=${id} `);
  });
});

describe("at the start, to be waited for:", () => {
  test("a server that is not there yet", async () => {
    await using server = await serverWith();
    await server.kill();
    await using source = run(uriOf(server));
    await source.fails(`nothing is listening on 127.0.0.1:${server.port} (connection refused)`);
    await server.start();
    await server.set("flags", document);
    await source.delivers(document);
  });

  test("a server that hangs", async () => {
    await using server = await serverWith();
    server.pause();
    await using source = run(uriOf(server));
    await source.fails(`127.0.0.1:${server.port} accepts connections, but does not respond`);
    server.resume();
    await source.delivers(document);
  });

  test("a server that takes no more clients", async () => {
    await using server = await serverWith({ config: [["maxclients", "1"]] });
    const other = connect(server.port, "127.0.0.1");
    await once(other, "connect");
    await using source = run(uriOf(server));
    await source.fails("the server has reached its limit of clients (maxclients)");
    other.destroy();
    await source.delivers(document);
  });

  test("a key that is not there yet", async () => {
    await using server = await RedisServer.start();
    await using source = run(uriOf(server));
    await source.fails('the key "flags" does not exist in the database');
    await server.set("flags", document);
    await source.delivers(document);
  });

  test("a socket that is not there yet", async () => {
    await using server = await serverWith();
    await server.kill();
    const path = join(certificates.folder, "absent.sock");
    await using absent = run(`redis+unix://${path}?key=flags`);
    await absent.fails(`the socket ${path} does not exist`);
    await using dead = run(`redis+unix://${server.socketPath}?key=flags`);
    await dead.fails(`nothing is listening on the socket ${server.socketPath}`);
    await server.start();
    await server.set("flags", document);
    await dead.delivers(document);
  });

  test("a host whose name nobody knows", async () => {
    await using source = run("redis://:secret@nowhere.invalid?key=flags");
    const failure = await source.fails("the host name of nowhere.invalid:6379 cannot be resolved");
    expect(failure).not.toContain("secret");
  });
});

describe("a peer that is not Redis is reported and tried again:", () => {
  test.each<[string, (socket: Socket) => void, RegExp]>([
    [
      "one that speaks HTTP",
      (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
      /does not speak the Redis protocol|closes the connection/,
    ],
    [
      "one that speaks garbage",
      (socket) => socket.write(crypto.getRandomValues(new Uint8Array(4096)).fill(0xff, 0, 64)),
      /does not speak the Redis protocol/,
    ],
    ["one that says nothing", () => {}, /accepts connections, but does not respond/],
    ["one that hangs up", (socket) => socket.destroy(), /closes the connection without a response/],
    ["one that answers and hangs up", (socket) => socket.end("+OK\r\n"), /./],
  ])("%s", async (_, answer, reason) => {
    await using other = await peer(answer);
    await using source = run(`redis://:secret@127.0.0.1:${other.port}?key=flags`);
    const failure = await source.fails(reason);
    expect(failure).not.toContain("secret");
    const attempts = other.connections();
    // One is the attempt's own, one looks for the reason.
    await until("another attempt", () => other.connections() > attempts + 1);
    await source[Symbol.asyncDispose]();
    expect(await source.ended).toBeUndefined();
    await until("the end of all connections", () => other.open() === 0);
  });

  test.each<[string, (command: string) => string | undefined]>([
    ["does not know HELLO", (command) => `-ERR unknown command '${command}'\r\n`],
    ["ignores what HELLO asks for", (command) => (command === "HELLO" ? "*0\r\n" : "+OK\r\n")],
    ["hangs up at HELLO", (command) => (command === "HELLO" ? undefined : "+PONG\r\n")],
  ])("a proxy that speaks RESP2 only and %s is told what it must speak", async (_, answer) => {
    await using proxy = await peer((socket) => {
      socket.on("data", (data) => {
        for (const [, word = ""] of `${data}`.matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
          const reply = answer(word);
          if (reply === undefined) socket.destroy();
          else if (!socket.destroyed) socket.write(reply);
        }
      });
    });
    await using source = run(`redis://127.0.0.1:${proxy.port}?key=flags`);
    const said = await Promise.race([
      source.ended.then(String),
      source.fails("must answer HELLO 3").catch(String),
    ]);
    expect(said).toContain("the server must answer HELLO 3 (RESP3)");
  });

  test("TLS to a port without it, and the reverse", async () => {
    await using plain = await serverWith();
    await using tls = await serverWith({ tls: { server: certificates.server } });
    await using first = run(`rediss://127.0.0.1:${plain.port}?key=flags`);
    await using second = run(uriOf(tls));
    await first.fails("if the port does not use TLS, use redis://");
    await second.fails("if the port expects TLS, use rediss://");
  });
});

describe("at the start, to be fixed by the operator:", () => {
  async function expectFatal(
    source: RunningRedisSource,
    reason: string,
    secret = "wrong-secret",
  ): Promise<void> {
    const error = await source.ended;
    expect(error).toSatisfy(isPermanent);
    const { message } = error as Error;
    expect(message).toContain(reason);
    expect(message).toStartWith(`source ${source.source.name}: `);
    expect(message).not.toContain(secret);
    expect(source.results).toBe(0);
  }

  test.each([
    ["a wrong password", ":wrong-secret@", 'rejected the password of user "default"'],
    [
      "a wrong password of a user",
      "reader:wrong-secret@",
      'rejected the password of user "reader"',
    ],
    ["an unknown user", "nobody:wrong-secret@", 'rejected the password of user "nobody"'],
    ["no password", "", "the server requires a password"],
  ])("%s", async (_, credentials, reason) => {
    await using server = await serverWith({
      password: "secret",
      users: [["reader", "on", ">pw", "~*", "+@all"]],
    });
    await using source = run(`redis://${credentials}127.0.0.1:${server.port}?key=flags`);
    await expectFatal(source, reason);
    await using bySocket = run(`redis+unix://${credentials}${server.socketPath}?key=flags`);
    await expectFatal(bySocket, reason);
  });

  test("a database that the server does not have", async () => {
    await using server = await serverWith({ databases: 2 });
    await using source = run(`redis://127.0.0.1:${server.port}/2?key=flags`);
    await expectFatal(source, "the server has no database 2");
    await using bySocket = run(`redis+unix://${server.socketPath}?key=flags&db=2`);
    await expectFatal(bySocket, "the server has no database 2");
  });

  test.each([
    ["another key", ["~other", "+@all"], "", "is not permitted to read the key"],
    ["no command", ["~*", "+ping"], "", "is not permitted to read the key"],
    [
      "no other database",
      ["~*", "+@all", "-select"],
      "/1",
      "is not permitted to select database 1",
    ],
  ])("a user who has a right to %s", async (_, rules, database, reason) => {
    await using server = await serverWith({ users: [["reader", "on", ">pw", ...rules]] });
    await using source = run(`redis://reader:pw@127.0.0.1:${server.port}${database}?key=flags`);
    await expectFatal(source, reason);
  });

  test.each(["expired", "wrongHost", "foreign"] as const)("a certificate: %s", async (which) => {
    const reasons = {
      expired: "the server's certificate has expired",
      wrongHost: "the server's certificate is for another host name",
      foreign: "the server's certificate is not signed by a trusted CA",
    };
    await using server = await serverWith({ tls: { server: certificates[which] } });
    await using source = run(`rediss://:wrong-secret@localhost:${server.port}?key=flags`, {
      certPath: certificates.ca.cert,
    });
    await expectFatal(source, reasons[which]);
  });

  test("a certificate of a CA that only its owner knows", async () => {
    await using server = await serverWith({ tls: { server: certificates.server } });
    await using source = run(`rediss://localhost:${server.port}?key=flags`);
    await expectFatal(source, "set certPath to the CA that signed it");
  });

  test("a client certificate that is missing, or of a foreign CA", async () => {
    await using server = await serverWith({
      tls: { server: certificates.server, clientCa: certificates.ca },
    });
    const uri = `rediss://localhost:${server.port}?key=flags`;
    const certPath = certificates.ca.cert;
    await using without = run(uri, { certPath });
    await expectFatal(without, "the server requires a client certificate");
    await using foreign = run(uri, {
      certPath,
      clientCertPath: certificates.foreign.cert,
      clientKeyPath: certificates.foreign.key,
    });
    await expectFatal(foreign, "the server rejected the client certificate");
  });

  test("files that are missing, no PEM, or not a pair", async () => {
    const uri = "rediss://localhost:1?key=flags";
    const garbage = join(certificates.folder, "garbage.pem");
    await writeFile(garbage, "not a certificate");
    const { cert, key } = certificates.client;
    const absent = join(certificates.folder, "absent.pem");
    const cases: [Partial<RunningRedisOptions>, string][] = [
      [{ certPath: absent }, `cannot read ${absent} (certPath)`],
      [{ certPath: garbage }, `${garbage} (certPath) does not contain a PEM certificate`],
      [{ clientCertPath: absent, clientKeyPath: key }, `cannot read ${absent} (clientCertPath)`],
      [{ clientCertPath: cert, clientKeyPath: absent }, `cannot read ${absent} (clientKeyPath)`],
      [
        { clientCertPath: cert, clientKeyPath: garbage },
        `${garbage} (clientKeyPath) does not contain a PEM private key`,
      ],
      [
        { clientCertPath: cert, clientKeyPath: certificates.server.key },
        "(clientKeyPath) does not match the certificate",
      ],
    ];
    for (const [options, reason] of cases) {
      await using source = run(uri, options);
      const error = await source.ended;
      expect(error).toSatisfy(isPermanent);
      expect((error as Error).message).toContain(reason);
    }
  });
});

describe("an end", () => {
  const patient = { timeoutMs: 3_600_000, interval: 3600 };

  test("while the server does not answer the greeting is at once", async () => {
    await using silent = await peer(() => {});
    const source = run(uriOf(silent), patient);
    await until("the connection", () => silent.connections() > 0);
    await source[Symbol.asyncDispose]();
    await until("the end of the connection", () => silent.open() === 0);
  });

  test.each([true, false])("while a poll hangs is at once (watch: %p)", async (watch) => {
    await using server = await serverWith();
    const source = run(uriOf(server), { ...patient, watch });
    await source.delivers(document);
    server.pause();
    source.source.resync();
    await Bun.sleep(100);
    await source[Symbol.asyncDispose]();
    expect(source.failures).toEqual([]);
  });

  test("before anything happened, and between two attempts, is at once", async () => {
    const uri = `redis://127.0.0.1:${await freePort()}?key=flags`;
    await run(uri, patient)[Symbol.asyncDispose]();
    const source = run(uri, patient);
    await source.fails("connection refused");
    await source[Symbol.asyncDispose]();
    expect(await source.ended).toBeUndefined();
  });
});

test("resyncs while there is no server are one attempt each, not a storm", async () => {
  await using other = await peer((socket) => socket.destroy());
  await using source = new RunningRedisSource(
    { uri: uriOf(other), interval: 3600 },
    // The longest waits between attempts.
    { ...systemClock, random: () => 0.999 },
  );
  await source.fails("closes the connection");
  source.source.resync();
  source.source.resync();
  await until("another attempt", () => source.failures.length > 1);
  await Bun.sleep(300);
  expect(source.failures.length).toBeLessThanOrEqual(3);
});
