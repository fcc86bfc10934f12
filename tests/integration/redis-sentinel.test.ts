/** Redis servers that Sentinels watch over. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../support/certificates.ts";
import { freePort } from "../support/ports.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSentinel } from "../support/redis-sentinel.ts";
import { type RunningRedisOptions, RunningRedisSource } from "../support/running-redis-source.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(90_000);

const document = '{"flags":{}}';
const changed = '{"flags":{"a":1}}';

/** A master, a replica and three Sentinels that know each other. */
async function fleet() {
  const stack = new AsyncDisposableStack();
  const open = { config: [["protected-mode", "no"]] };
  const master = stack.use(await RedisServer.start(open));
  const replica = stack.use(await RedisServer.start(open));
  await replica.command("REPLICAOF", "127.0.0.1", `${master.port}`);
  await master.set("flags", document);
  await until("the replica", async () => (await replica.command("GET", "flags")) === document);
  const sentinels: RedisSentinel[] = [];
  for (let n = 0; n < 3; n++) {
    sentinels.push(stack.use(await RedisSentinel.start(master.port, 2)));
  }
  await until("the Sentinels to know each other and the replica", async () => {
    const infos = await Promise.all(sentinels.map((s) => s.command("INFO", "sentinel")));
    return infos.every((info) => /slaves=1,sentinels=3/.test(info));
  });
  return {
    master,
    replica,
    sentinels,
    hosts: sentinels.map(({ port }) => `127.0.0.1:${port}`).join(","),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function run(uri: string, options: Partial<RunningRedisOptions> = {}): RunningRedisSource {
  return new RunningRedisSource({ uri, interval: 3600, ...options });
}

describe("the flags", () => {
  test("are read from the master, and after a failover from the new one", async () => {
    await using servers = await fleet();
    await using source = run(`redis+sentinel://${servers.hosts}/mymaster?key=flags`);
    await source.delivers(document);
    await servers.master.set("flags", changed);
    await source.delivers(changed);
    await servers.master.kill();
    await until("the promotion", async () =>
      (await servers.replica.command("ROLE")).startsWith("master"),
    );
    await servers.replica.set("flags", document);
    await source.delivers(document);
  });

  test("are not read from the old master any longer, though it lives and takes itself for the master", async () => {
    await using servers = await fleet();
    await using source = run(`redis+sentinel://${servers.hosts}/mymaster?key=flags`);
    await source.delivers(document);
    await servers.sentinels[0]?.command("SENTINEL", "FAILOVER", "mymaster");
    await until("the promotion", async () =>
      (await servers.replica.command("ROLE")).startsWith("master"),
    );
    await servers.replica.set("flags", changed);
    await source.delivers(changed);
    expect(source.payloads).toHaveLength(2);
  });

  test("are read though one Sentinel is known only, and that dies", async () => {
    await using servers = await fleet();
    const [first] = servers.sentinels;
    await using source = run(`redis+sentinel://127.0.0.1:${first?.port}/mymaster?key=flags`);
    await source.delivers(document);
    await until("the other Sentinels to be listened to", async () => {
      const lists = await Promise.all(
        servers.sentinels.map((sentinel) => sentinel.command("CLIENT", "LIST", "TYPE", "pubsub")),
      );
      return lists.every((list) => list.includes("cmd=subscribe") || /sub=[1-9]/.test(list));
    });
    await first?.[Symbol.asyncDispose]();
    await servers.master.kill();
    await until("the promotion", async () =>
      (await servers.replica.command("ROLE")).startsWith("master"),
    );
    await servers.replica.set("flags", changed);
    await source.delivers(changed);
  });

  test("are read from a replica if that is asked for", async () => {
    await using servers = await fleet();
    await using source = run(`redis+sentinel://${servers.hosts}/mymaster?key=flags`, {
      role: "replica",
    });
    await source.delivers(document);
    expect(await servers.replica.command("CLIENT", "LIST", "TYPE", "normal")).toContain(
      "user=default",
    );
  });
});

describe("at the start", () => {
  test("a name that the Sentinels do not know ends it", async () => {
    await using servers = await fleet();
    await using source = run(`redis+sentinel://${servers.hosts}/other?key=flags`);
    expect(String(await source.ended)).toContain('the Sentinels know no master "other"');
  });

  test("a Sentinel's password that is missing ends it, a right one is used", async () => {
    await using master = await RedisServer.start({ config: [["protected-mode", "no"]] });
    await master.set("flags", document);
    await using sentinel = await RedisSentinel.start(master.port, 1, [
      "user default on nopass ~* &* -@all +ping +info",
      "user watcher on >secret ~* &* +@all",
    ]);
    const uri = `redis+sentinel://127.0.0.1:${sentinel.port}/mymaster?key=flags`;
    await using right = run(uri, {
      sentinel: { username: "watcher", password: "secret", plaintext: false },
    });
    await right.delivers(document);
    await using wrong = run(uri, {
      sentinel: { username: "watcher", password: "no", plaintext: false },
    });
    expect(String(await wrong.ended)).toContain("the Sentinels reject the password");
  });

  test("a Sentinel's port in a redis:// URI ends it with the URI to use", async () => {
    await using master = await RedisServer.start();
    await using sentinel = await RedisSentinel.start(master.port, 1);
    await using source = run(`redis://127.0.0.1:${sentinel.port}?key=flags`);
    expect(String(await source.ended)).toContain(
      `redis+sentinel://127.0.0.1:${sentinel.port}/mymaster?key=flags`,
    );
  });

  test("a server in the place of a Sentinel is said to be none", async () => {
    await using server = await RedisServer.start();
    await using source = run(`redis+sentinel://127.0.0.1:${server.port}/mymaster?key=flags`);
    await source.fails("it is no Sentinel: for the server that has the flags, write redis://");
  });

  test("Sentinels that are not there are waited for", async () => {
    await using source = run("redis+sentinel://127.0.0.1:1/mymaster?key=flags");
    await source.fails("none of the Sentinels 127.0.0.1:1 can be asked");
  });
});

describe("Sentinels with secrets and certificates of their own", () => {
  test("are asked by user and password from files, as the servers are", async () => {
    const folder = await mkdtemp(join(tmpdir(), "flagd-secrets-"));
    await using stack = new AsyncDisposableStack();
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const file = async (name: string, text: string) => {
      await writeFile(join(folder, name), `${text}\n`);
      return join(folder, name);
    };
    await using master = await RedisServer.start({
      config: [["protected-mode", "no"]],
      users: [["reader", "on", ">pw", "~*", "+@all"]],
    });
    await master.set("flags", document);
    await using sentinel = await RedisSentinel.start(master.port, 1, [
      "user default on nopass ~* &* -@all +ping +info",
      "user watcher on >secret ~* &* +@all",
    ]);
    await using source = run(`redis+sentinel://127.0.0.1:${sentinel.port}/mymaster?key=flags`, {
      usernameFile: await file("user", "reader"),
      passwordFile: await file("password", "pw"),
      sentinel: {
        usernameFile: await file("sentinel-user", "watcher"),
        passwordFile: await file("sentinel-password", "secret"),
        plaintext: false,
      },
    });
    await source.delivers(document);
    expect(await master.command("CLIENT", "LIST")).toContain(" user=reader ");
  });

  test.each([true, false])(
    "are asked over TLS, with the settings of the servers: %p",
    async (shared) => {
      const certificates = makeCertificates();
      await using stack = new AsyncDisposableStack();
      stack.defer(() => certificates.remove());
      await using master = await RedisServer.start({
        tls: { server: certificates.server, clientCa: certificates.ca },
      });
      await master.set("flags", document);
      const port = await freePort();
      await using _sentinel = await RedisSentinel.start(master.port, 1, [
        `tls-port ${port}`,
        `tls-cert-file ${certificates.server.cert}`,
        `tls-key-file ${certificates.server.key}`,
        `tls-ca-cert-file ${certificates.ca.cert}`,
        "tls-auth-clients no",
        "tls-replication yes",
      ]);
      const material = {
        certPath: certificates.ca.cert,
        clientCertPath: certificates.client.cert,
        clientKeyPath: certificates.client.key,
        serverName: "localhost",
      };
      await using source = run(`rediss+sentinel://localhost:${port}/mymaster?key=flags`, {
        ...material,
        ...(!shared && { sentinel: { ...material, plaintext: false } }),
      });
      await source.delivers(document);
    },
  );
});
