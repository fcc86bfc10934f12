/** `flagd redis` with real servers: nobody's change is lost, and nothing is written that cannot be served. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeFlags } from "../../src/runtime/redis-edit/change-flags.ts";
import { planChange } from "../../src/runtime/redis-edit/plan-change.ts";
import { binary } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { redis } from "../support/redis-command.ts";
import { RedisSentinel } from "../support/redis-sentinel.ts";
import { rejson } from "../support/rejson.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(120_000);

const flags = {
  flags: {
    banner: { state: "ENABLED", variants: { calm: "c", loud: "L" }, defaultVariant: "calm" },
    other: { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" },
  },
};

const forms = ["string", "hash", "JSON"] as const;

async function serverWith(form: (typeof forms)[number]) {
  const server = await RedisServer.start(form === "JSON" ? { module: await rejson() } : {});
  const parameter = form === "hash" ? "hash" : "key";
  const uri = `redis://127.0.0.1:${server.port}/0?${parameter}=flags`;
  if (form === "JSON") await server.command("JSON.SET", "flags", "$", JSON.stringify(flags));
  else await redis(uri, ["push", "-", "--yes"], JSON.stringify(flags, null, 2));
  return { server, uri };
}

test.each(forms)("a flag in a %s is changed, looked at, and changed back", async (form) => {
  const { server, uri } = await serverWith(form);
  await using _ = server;
  const flag = async (key: string) => JSON.parse((await redis(uri, ["get", key])).out);

  const set = await redis(uri, ["set", "banner", "defaultVariant=loud", "-y", "-m", "sale"]);
  expect(set).toMatchObject({ code: 0, err: "" });
  expect(set.out).toStartWith("~ banner: defaultVariant calm → loud\nwritten to redis://");
  expect(await flag("banner")).toEqual({ ...flags.flags.banner, defaultVariant: "loud" });

  expect((await redis(uri, ["toggle", "other", "-y"])).out).toContain("state ENABLED → DISABLED");
  expect(
    (await redis(uri, ["set", "new", 'variants={"a":1}', "defaultVariant=a", "-y"])).code,
  ).toBe(0);
  expect((await redis(uri, ["delete", "other", "-y"])).out).toStartWith("- other: removed");
  expect(await flag("new")).toEqual({ state: "ENABLED", variants: { a: 1 }, defaultVariant: "a" });

  const history = (await redis(uri, ["history"])).out.split("\n");
  expect(history[0]).toMatch(/^1 {2}20\d\d-.*Z {2}ann@\S+ {2}delete other$/);
  expect(history[3]).toMatch(/set banner defaultVariant=loud +sale$/);

  expect((await redis(uri, ["rollback", "4", "--yes"])).code).toBe(0);
  const file = JSON.stringify(flags);
  expect(await redis(uri, ["diff", "-"], file)).toEqual({
    out: "no flag changes\n",
    err: "",
    code: 0,
  });
});

test.each(forms)("what cannot be served is not written to a %s", async (form) => {
  const { server, uri } = await serverWith(form);
  await using _ = server;
  const before = (await redis(uri, ["get"])).out;
  const refused = await redis(uri, ["set", "banner", "defaultVariant=lod", "-y"]);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('"lod" is not a variant of flag "banner"');
  expect((await redis(uri, ["toggle", "baner", "-y"])).err).toContain('(did you mean "banner"?)');
  expect((await redis(uri, ["push", "-", "-y"], '{"flags":')).code).toBe(1);
  expect((await redis(uri, ["toggle", "banner"])).err).toContain("add --yes");
  expect((await redis(uri, ["toggle", "banner", "--dry-run"])).out).toEndWith("(--dry-run)\n");
  expect((await redis(uri, ["get"])).out).toBe(before);
});

test("what is not there, or is no flag document, is said with what to do", async () => {
  const { server, uri } = await serverWith("string");
  await using _ = server;
  const misspelt = await redis(uri, ["set", "baner", "defaultVariant=loud", "-y"]);
  expect(misspelt.err).toEndWith('\n  there is no flag "baner" yet (did you mean "banner"?)\n');
  expect((await redis(uri, ["push", "/no/such", "-y"])).err).toBe(
    "Error: /no/such cannot be read: no such file\n",
  );
  const none = await redis(uri.replace("key=flags", "key=none"), ["get"]);
  expect(none.err).toEndWith("there is no such key: flagd redis push FILE makes it\n");
  await server.command("SET", "flags", "hello");
  const advice = "the key holds a string, no flag document: flagd redis push FILE replaces it";
  for (const args of [
    ["toggle", "a", "-y"],
    ["set", "a", "b=1", "-y"],
    ["delete", "a"],
    ["get", "a"],
  ])
    expect(await redis(uri, args)).toEqual({ out: "", err: `Error: ${advice}\n`, code: 1 });
});

test("a change is kept under the name of the process's user, if no variable has one", async () => {
  const { server, uri } = await serverWith("string");
  await using _ = server;
  const command = [binary, "redis", "toggle", "banner", "--yes"];
  const child = Bun.spawn(command, { env: { FLAGD_REDIS_URI: uri }, stdout: "ignore" });
  expect(await child.exited).toBe(0);
  const name = (await Bun.$`id -un`.text()).trim();
  expect((await redis(uri, ["history"])).out).toMatch(
    new RegExp(`^1 .* ${name}@\\S+ .*toggle banner`),
  );
});

test("what was made for another version is not pushed over a colleague's change", async () => {
  const { server, uri } = await serverWith("string");
  await using _ = server;
  const { version } = JSON.parse((await redis(uri, ["get", "-o", "json"])).out);
  await redis(uri, ["toggle", "other", "-y"]);
  const pushed = await redis(uri, ["push", "-", "-y", "--base", version], JSON.stringify(flags));
  expect(pushed.code).toBe(1);
  expect(pushed.err).toMatch(/the last change is by ann@\S+: toggle other: nothing was written/);
});

/** CHANGES=1000 takes a minute. */
const changes = Number(process.env.CHANGES ?? 100);

test.each(["string", "hash"] as const)(
  `two writers with ${changes} changes each in a %s lose none`,
  async (form) => {
    const { server, uri } = await serverWith(form);
    await using _ = server;
    const config = { provider: "redis", uri, interval: 30, watch: false, tls: false } as const;
    const writer = async (user: string) => {
      for (let i = 0; i < changes; i++) {
        const members = [{ path: ["metadata", `${user}${i}`], value: i }];
        await changeFlags(
          config,
          async (present) => planChange({ verb: "set", key: "banner", members }, present.flags, []),
          { entries: 0, keep: 5, note: { time: "t", user, message: "", change: `${i}` } },
        );
      }
    };
    await Promise.all([writer("a"), writer("b")]);
    const flag = JSON.parse((await redis(uri, ["get", "banner"])).out);
    expect(Object.keys(flag.metadata)).toHaveLength(2 * changes);
    expect(await server.command("LLEN", "flags:history")).toBe("5");
  },
);

const kills = 12;

test("a push that is killed at any moment leaves the old or the new flags", async () => {
  const { server, uri } = await serverWith("string");
  await using _ = server;
  const folder = await mkdtemp(join(tmpdir(), "flagd-kill-"));
  try {
    const documents = ["one", "two"].map((variant) => {
      const many = Array.from({ length: 3_000 }, (_, i) => [
        `flag-${i}`,
        { state: "ENABLED", variants: { one: 1, two: 2 }, defaultVariant: variant },
      ]);
      return JSON.stringify({ flags: Object.fromEntries(many) });
    });
    const files = documents.map((_, i) => join(folder, `${i}.json`));
    for (const [i, file] of files.entries()) await writeFile(file, documents[i] ?? "");
    await redis(uri, ["push", files[0] ?? "", "-y"]);
    const began = performance.now();
    await redis(uri, ["push", files[1] ?? "", "-y"]);
    const whole = performance.now() - began;
    for (let i = 0; i < kills; i++) {
      const child = Bun.spawn([binary, "redis", "push", files[i % 2] ?? "", "-y"], {
        env: { PATH: process.env.PATH, HOME: "/nonexistent", FLAGD_REDIS_URI: uri },
        stdio: ["ignore", "ignore", "ignore"],
      });
      await Bun.sleep((whole * 1.2 * i) / kills);
      child.kill("SIGKILL");
      await child.exited;
      const found = await server.command("GET", "flags");
      expect(documents.includes(found)).toBe(true);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the history of a key in a cluster is in the key's slot, and writes follow redirections", async () => {
  await using a = await RedisServer.start({ config: [["cluster-enabled", "yes"]] });
  await using b = await RedisServer.start({ config: [["cluster-enabled", "yes"]] });
  const slot = Number(await a.command("CLUSTER", "KEYSLOT", "flags"));
  await a.command("CLUSTER", "MEET", "127.0.0.1", `${b.port}`, `${b.busPort}`);
  await a.command("CLUSTER", "ADDSLOTSRANGE", "0", `${slot - 1}`, `${slot + 1}`, "16383");
  await b.command("CLUSTER", "ADDSLOTS", `${slot}`);
  await until("the cluster", async () => {
    const infos = await Promise.all([a, b].map((node) => node.command("CLUSTER", "INFO")));
    return infos.every((info) => info.includes("cluster_state:ok"));
  });
  const uri = `redis://127.0.0.1:${a.port}?key=flags`;
  expect(await redis(uri, ["push", "-", "-y"], JSON.stringify(flags))).toMatchObject({ code: 0 });
  expect((await redis(uri, ["toggle", "banner", "-y"])).code).toBe(0);
  expect(await b.command("LLEN", "{flags}:history")).toBe("2");
  expect((await redis(uri, ["rollback", "-y"])).out).toContain("state DISABLED → ENABLED");
});

test("the old master of a failover is not written to, though it says that it is the master", async () => {
  await using master = await RedisServer.start();
  await using replica = await RedisServer.start({
    config: [["replicaof", "127.0.0.1", `${master.port}`]],
  });
  await until("the replica", async () =>
    (await replica.command("INFO", "replication")).includes("master_link_status:up"),
  );
  await using one = await RedisSentinel.start(master.port, 2);
  await using two = await RedisSentinel.start(master.port, 2);
  await using three = await RedisSentinel.start(master.port, 2);
  const sentinels = [one, two, three];
  const knows = async (sentinel: RedisSentinel) => {
    const info = await sentinel.command("INFO", "sentinel");
    return info.includes("slaves=1,sentinels=3");
  };
  await until("the Sentinels", async () =>
    (await Promise.all(sentinels.map(knows))).every(Boolean),
  );
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",");
  const uri = `redis+sentinel://${hosts}/mymaster?key=flags`;
  expect(await redis(uri, ["push", "-", "-y"], JSON.stringify(flags))).toMatchObject({
    code: 0,
    err: "",
  });
  expect(await until("the replica's copy", () => replica.command("GET", "flags"))).toBe(
    JSON.stringify(flags),
  );

  master.pause();
  const naming = async (sentinel: RedisSentinel) =>
    (await sentinel.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")).includes(
      `${replica.port}`,
    );
  await until("the failover", async () =>
    (await Promise.all(sentinels.map(naming))).every(Boolean),
  );
  master.resume();
  expect(await redis(uri, ["toggle", "banner", "-y"])).toMatchObject({ code: 0 });
  expect(await replica.command("GET", "flags")).toContain("DISABLED");
});
