/** `flagd redis` whose connection is lost at the worst moment, or whose slot is being moved to another node. */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { systemClock } from "../../src/core/clock.ts";
import { changeFlags } from "../../src/runtime/redis-edit/change-flags.ts";
import { planChange } from "../../src/runtime/redis-edit/plan-change.ts";
import { RedisServer } from "../support/redis.ts";
import { redis } from "../support/redis-command.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(120_000);

const flags = {
  flags: { banner: { state: "ENABLED", variants: { on: true }, defaultVariant: "on" } },
};

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

interface Cut {
  /** Where EXEC was when the connection was lost. */
  readonly exec: "not arrived" | "done";
  /** Before the client notices. */
  readonly meanwhile?: () => Promise<unknown>;
  /** Nobody gets through afterwards. */
  readonly forGood?: boolean;
}

/** A way to a server that is lost once, when a client sends EXEC. @returns its port */
async function losing(port: number, { exec, meanwhile, forGood }: Cut): Promise<number> {
  let lost = false;
  const way = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    const end = () => {
      client.destroy();
      server.destroy();
    };
    client.on("error", end).on("close", end);
    server.on("error", end).on("close", end);
    let ending = false;
    client.on("data", async (chunk) => {
      if (lost || !chunk.includes("EXEC")) return void server.write(chunk);
      lost = true;
      ending = true;
      if (forGood) way.close();
      if (exec === "done") {
        server.write(chunk);
        // Its answer is a list: of what each command comes to.
        let answer = "";
        while (!/^[*]\d/m.test(answer)) answer += (await once(server, "data"))[0];
      }
      await meanwhile?.();
      end();
    });
    server.on("data", (chunk) => {
      if (!ending) client.write(chunk);
    });
  }).listen(0, "127.0.0.1");
  await once(way, "listening");
  undo.push(() => void way.close());
  return (way.address() as AddressInfo).port;
}

async function startServer(parameter: "key" | "hash" = "key") {
  const server = await RedisServer.start();
  undo.push(() => server[Symbol.asyncDispose]());
  const uri = (port = server.port) => `redis://127.0.0.1:${port}/0?${parameter}=flags`;
  expect((await redis(uri(), ["push", "-", "--yes"], JSON.stringify(flags))).code).toBe(0);
  const toggles = async () => (await redis(uri(), ["history"])).out.match(/toggle banner/g)?.length;
  const state = async () => JSON.parse((await redis(uri(), ["get", "banner"])).out).state;
  return { server, uri, toggles, state };
}

describe.each(["key", "hash"] as const)("a connection that is lost (%s)", (parameter) => {
  test.each(["not arrived", "done"] as const)(
    "when EXEC was sent, and is %s: the change is made once, in flags and history",
    async (exec) => {
      const { server, uri, toggles, state } = await startServer(parameter);
      const port = await losing(server.port, { exec });
      const result = await redis(uri(port), ["toggle", "banner", "--yes"]);
      expect(result).toMatchObject({ code: 0, err: "" });
      expect(result.out).toContain("written to redis://");
      expect(await state()).toBe("DISABLED");
      expect(await toggles()).toBe(1);
    },
  );

  test.each(["not arrived", "done"] as const)(
    "when EXEC was sent, and is %s, and another one writes before it is noticed: the same",
    async (exec) => {
      const { server, uri, toggles, state } = await startServer(parameter);
      const meanwhile = () => redis(uri(), ["set", "banner", "metadata.by=ben", "--yes"]);
      const port = await losing(server.port, { exec, meanwhile });
      const result = await redis(uri(port), ["toggle", "banner", "--yes"]);
      expect(result).toMatchObject({ code: 0 });
      expect(await state()).toBe("DISABLED");
      expect(await toggles()).toBe(1);
    },
  );

  test.each(["not arrived", "done"] as const)(
    "without a history, when EXEC is %s and another one writes: it is not made twice, and the user is told",
    async (exec) => {
      const { server, uri, state } = await startServer(parameter);
      const meanwhile = () => redis(uri(), ["set", "banner", "metadata.by=ben", "--yes"]);
      const port = await losing(server.port, { exec, meanwhile });
      const result = await redis(uri(port), ["toggle", "banner", "--yes", "--no-history"]);
      expect(result.code).toBe(1);
      expect(result.err).toContain("it may have been written: flagd redis get tells");
      expect(await state()).toBe(exec === "done" ? "DISABLED" : "ENABLED");
    },
  );
});

test("a server that stays away after EXEC was sent: the user is told that it may have been written", async () => {
  const { server, uri, state } = await startServer();
  const port = await losing(server.port, { exec: "done", forGood: true });
  // What is waited for passes at once.
  let waited = 0;
  const clock = {
    ...systemClock,
    now: () => systemClock.now() + waited,
    sleep: async (ms: number) => {
      waited += ms;
    },
  };
  const config = {
    provider: "redis",
    uri: uri(port),
    interval: 30,
    watch: false,
    tls: false,
  } as const;
  const note = { time: "t", user: "ann", message: "", change: "toggle banner" };
  const change = changeFlags(
    config,
    async (present) => planChange({ verb: "toggle", key: "banner" }, present.flags, []),
    { entries: 0, keep: 5, note, clock },
  );
  await expect(change).rejects.toThrow("it may have been written: flagd redis history tells");
  expect(await state()).toBe("DISABLED");
});

test("a user who may do everything but MULTI writes nothing", async () => {
  const { server, uri, state, toggles } = await startServer();
  await server.command("ACL", "SETUSER", "half", "on", ">pw", "~*", "+@all", "-multi");
  const result = await redis(uri().replace("//", "//half:pw@"), ["toggle", "banner", "--yes"]);
  expect(result.code).toBe(1);
  expect(result.err).toContain('user "half" is not permitted to write');
  expect(await state()).toBe("ENABLED");
  expect(await toggles()).toBeUndefined();
});

test("a push while its slot is being moved waits for the end of that, and is written once, on the new owner", async () => {
  const start = () => RedisServer.start({ config: [["cluster-enabled", "yes"]] });
  await using source = await start();
  await using target = await start();
  await source.command("CLUSTER", "MEET", "127.0.0.1", `${target.port}`, `${target.busPort}`);
  await source.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
  const nodes = [source, target];
  await until("the cluster", async () => {
    const infos = await Promise.all(nodes.map((node) => node.command("CLUSTER", "INFO")));
    return infos.every(
      (info) => info.includes("cluster_state:ok") && info.includes("known_nodes:2"),
    );
  });
  const uri = `redis+cluster://127.0.0.1:${source.port}?key=flags`;
  const document = (variant: string) =>
    JSON.stringify({
      flags: { a: { state: "ENABLED", variants: { one: 1, two: 2 }, defaultVariant: variant } },
    });
  const push = (variant: string) => redis(uri, ["push", "-", "--yes"], document(variant));
  expect(await push("one")).toMatchObject({ code: 0 });

  const slot = await source.command("CLUSTER", "KEYSLOT", "flags");
  const [from, to] = await Promise.all(nodes.map((node) => node.command("CLUSTER", "MYID")));
  await target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", `${from}`);
  await source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", `${to}`);
  const migrate = (key: string) =>
    source.command(
      "MIGRATE",
      "127.0.0.1",
      `${target.port}`,
      key,
      "0",
      "5000",
      "AUTH2",
      "admin",
      "admin",
    );
  // The flags are there, and their history is still here.
  await migrate("flags");
  await source.command("CONFIG", "RESETSTAT");
  const pushed = push("two");
  const asked = async () =>
    /cmdstat_watch:.*rejected_calls=[1-9]/.test(await source.command("INFO", "commandstats"));
  await until("the push", asked);
  await migrate("{flags}:history");
  for (const node of [target, source]) {
    await node.command("CLUSTER", "SETSLOT", slot, "NODE", `${to}`);
  }
  expect(await pushed).toMatchObject({ code: 0, err: "" });
  expect(await target.command("GET", "flags")).toBe(document("two"));
  expect(await target.command("LLEN", "{flags}:history")).toBe("2");
  expect(await source.command("DBSIZE")).toBe("0");
});
