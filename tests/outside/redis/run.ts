/**
 * Redis and Valkey of several versions as the source of `dist/flagd`: load, change, delete, broken, BUSY,
 * ACL, restart, failover. Arguments choose by name: `npx bun tests/outside/redis/run.ts "Valkey 9"`.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { runFlagd, startFlagd } from "../../support/flagd.ts";
import { RedisServer, type RedisServerOptions } from "../../support/redis.ts";
import { until } from "../../support/until.ts";
import { becomes, documentWith, light } from "../light-flag.ts";
import { expectEqual, Suite } from "../suite.ts";
import { type Server, servers } from "./servers.ts";

const wanted = process.argv.slice(2);
const suite = new Suite("Redis and Valkey");
for (const server of servers) {
  if (wanted.length > 0 && !wanted.some((name) => server.name.includes(name))) continue;
  console.log(server.name);
  await runServer(server);
}
suite.finish();

async function runServer(server: Server): Promise<void> {
  const options: RedisServerOptions = {
    executable: await server.install(),
    ...(server.json && { module: await server.json() }),
    // A script counts as slow at once.
    config: [["lua-time-limit", "100"]],
    users: [
      ["reader", "on", ">secret", "~flags", "-@all", "+ping", "+get"],
      ["stranger", "on", ">secret", "~other", "+@all"],
    ],
  };
  await using redis = await RedisServer.start(options);
  await redis.set("flags", documentWith("red"));
  const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
  const check = (name: string, run: () => Promise<void>) =>
    suite.check(`${server.name}: ${name}`, run);

  {
    await using flagd = await startFlagd(source(uri, 3600));
    await check("flags are loaded", async () => expectEqual(await light(flagd), "red"));
    await check("a change is seen long before the next poll", async () => {
      await redis.set("flags", documentWith("green"));
      await becomes(flagd, "green");
    });
    await check("what cannot be read changes nothing, and its repair is seen", async () => {
      await redis.set("flags", '{"flags":');
      await until("an error in the log", () => /rejected|not valid|JSON/i.test(flagd.log()));
      expectEqual(await light(flagd), "green");
      await redis.set("flags", documentWith("blue"));
      await becomes(flagd, "blue");
    });
    await check("a key that is deleted changes nothing, and its return is seen", async () => {
      await redis.command("DEL", "flags");
      await until("a warning in the log", () => /key|missing|exist/i.test(flagd.log()));
      expectEqual(await light(flagd), "blue");
      await redis.set("flags", documentWith("red"));
      await becomes(flagd, "red");
    });
    await check("after a restart, what the server has now is seen", async () => {
      await redis.kill();
      expectEqual(await light(flagd), "red");
      await redis.start(options);
      await redis.set("flags", documentWith("blue"));
      await becomes(flagd, "blue", 30);
    });
  }

  {
    await using flagd = await startFlagd(source(uri, 3600));
    await check("changes are pushed, and nothing is asked for all the time", async () => {
      await until("a tracked connection", async () => {
        const clients = await redis.command("CLIENT", "LIST");
        return /flags=\w*t.*cmd=(get|client)/i.test(clients);
      });
      const before = await commands(redis);
      await Bun.sleep(5000);
      const asked = (await commands(redis)) - before;
      // Looking for changes takes a hundred.
      expectEqual(asked < 20 ? "few" : asked, "few");
      await redis.set("flags", documentWith("green"));
      await becomes(flagd, "green");
      await redis.set("flags", documentWith("blue"));
      await becomes(flagd, "blue");
      expectEqual(/not pushed/.test(flagd.log()), false);
    });
  }

  {
    await using flagd = await startFlagd(source(uri, 5));
    await check(
      "a script keeps the server busy: flags stay, and a change after it is seen",
      async () => {
        const script = redis.command("EVAL", "while true do end", "0").catch(() => undefined);
        await until("a log entry about it", () => /busy/i.test(flagd.log()));
        expectEqual(await light(flagd), "blue");
        await redis.command("SCRIPT", "KILL");
        await script;
        await redis.set("flags", documentWith("green"));
        await becomes(flagd, "green");
      },
    );
  }

  await check("a user that may only GET the key is enough", async () => {
    const limited = uri.replace("//", "//reader:secret@");
    await using flagd = await startFlagd(source(limited, 1));
    expectEqual(await light(flagd), "green");
    await redis.set("flags", documentWith("red"));
    await becomes(flagd, "red");
  });
  await check("a user that may not read the key: one line says what to grant", async () => {
    const other = uri.replace("//", "//stranger:secret@");
    const ports = ["-p", "-m", "-r", "-g"].flatMap((option) => [option, "0"]);
    const { code, stderr } = await runFlagd(["start", ...ports, ...source(other, 1)]);
    expectEqual([code, /not permitted to read the key: .*ACL SETUSER/.test(stderr)], [1, true]);
  });
  if (server.json) {
    await check("a document kept by RedisJSON is read, and a change within it seen", async () => {
      await redis.command("DEL", "flags");
      await redis.command("JSON.SET", "flags", "$", documentWith("green"));
      await using flagd = await startFlagd(source(uri, 3600));
      expectEqual(await light(flagd), "green");
      await redis.command("JSON.SET", "flags", "$.flags.light.defaultVariant", '"blue"');
      await becomes(flagd, "blue");
    });
  }
  await check("a replica that takes over is followed", () => failover(options));
}

/** How many commands the server has run. */
async function commands(redis: RedisServer): Promise<number> {
  const info = await redis.command("INFO", "stats");
  return Number(/total_commands_processed:(\d+)/.exec(info)?.[1]);
}

/** Two servers behind an address that leads to whichever is the primary. */
async function failover(options: RedisServerOptions): Promise<void> {
  await using primary = await RedisServer.start(options);
  const following = [
    ["replicaof", "127.0.0.1", `${primary.port}`],
    ["masteruser", "admin"],
    ["masterauth", "admin"],
  ];
  await using replica = await RedisServer.start({ ...options, config: following });
  await primary.set("flags", documentWith("red"));
  await until("the replica having the key", () => replica.command("GET", "flags"));

  let target = primary.port;
  const address = createServer((client) => {
    const server = connect(target, "127.0.0.1");
    client.pipe(server).pipe(client);
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await once(address, "listening");
  try {
    const { port } = address.address() as AddressInfo;
    await using flagd = await startFlagd(source(`redis://127.0.0.1:${port}/0?key=flags`, 3600));
    expectEqual(await light(flagd), "red");
    await primary.kill();
    await replica.command("REPLICAOF", "NO", "ONE");
    target = replica.port;
    await replica.set("flags", documentWith("green"));
    await becomes(flagd, "green", 30);
    await replica.set("flags", documentWith("blue"));
    await becomes(flagd, "blue");
  } finally {
    address.close();
  }
}

function source(uri: string, interval: number): string[] {
  return ["--sources", JSON.stringify([{ uri, provider: "redis", interval }])];
}
