/**
 * The main job on a machine with nothing set up: a private Redis holding the example flags, flagd
 * reading them, evaluations over OFREP and gRPC, and a change in Redis arriving at a client.
 *
 * Everything is stopped and removed at the end; `--keep` leaves it running to try things out.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type Subprocess, which } from "bun";
import { Service } from "../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { requirements } from "./requirements.ts";

const keep = process.argv.includes("--keep");
const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code: number) => (text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
const bold = paint(1);
const dim = paint(2);
const green = paint(32);

const started = Date.now();
const say = (text = "") => console.log(text);
const step = (text: string) =>
  say(`\n${dim(`${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s`)}  ${bold(text)}`);
const show = (text: string) => say(`         ${text}`);

const folder = mkdtempSync(join(tmpdir(), "flagd-quickstart-"));
const processes: Subprocess[] = [];

function start(...command: string[]): Subprocess {
  const child = Bun.spawn(command, {
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(join(folder, `${processes.length}.log`)),
  });
  processes.push(child);
  return child;
}

async function stop(): Promise<void> {
  for (const child of processes.reverse()) {
    child.kill();
    await child.exited;
  }
  rmSync(folder, { recursive: true, force: true });
}

async function until(what: string, attempt: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    if (await attempt().catch(() => false)) return;
    await Bun.sleep(25);
  }
  throw new Error(`${what} did not happen within 20 s; see the logs in ${folder}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

async function quickstart(): Promise<void> {
  step("Build dist/flagd");
  const build = Bun.spawnSync([process.execPath, "build.ts"], { stderr: "inherit" });
  if (build.exitCode !== 0) throw new Error("the build failed");
  show(build.stdout.toString().trim());

  step("Start a private Redis and store the example flags under the key “flags”");
  if (!which("redis-server")) await requirements(["redis-server"], { install: true });
  const redisPort = await freePort();
  const redisUri = `redis://127.0.0.1:${redisPort}/0`;
  start(
    "redis-server",
    "--port",
    `${redisPort}`,
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--dir",
    folder,
  );
  const flags = await Bun.file("examples/flags.json").text();
  let redis = new Bun.RedisClient(redisUri, { autoReconnect: false });
  await until("Redis answering", async () => {
    redis.close();
    redis = new Bun.RedisClient(redisUri, { autoReconnect: false });
    return (await redis.send("SET", ["flags", flags])) === "OK";
  });
  show(`redis-server on 127.0.0.1:${redisPort}: SET flags <examples/flags.json>`);

  step("Start flagd on it");
  const [port, httpPort, syncPort] = [await freePort(), await freePort(), await freePort()];
  const sources = JSON.stringify([
    { uri: `${redisUri}?key=flags`, provider: "redis", interval: 30 },
  ]);
  const ports = ["--port", `${port}`, "--management-port", `${httpPort}`];
  ports.push("--ofrep-port", `${httpPort}`, "--sync-port", `${syncPort}`);
  show(`dist/flagd start ${ports.join(" ")} \\\n           --sources='${sources}'`);
  start("dist/flagd", "start", ...ports, "--sources", sources);
  const http = `http://127.0.0.1:${httpPort}`;
  await until("flagd being ready", async () => (await fetch(`${http}/readyz`)).ok);
  show(green("ready"));

  step("Evaluate over OFREP (HTTP)");
  const context = { targetingKey: "user-1", email: "ann@example.com" };
  for (const body of [{ context: { targetingKey: "user-2" } }, { context }]) {
    show(`POST /ofrep/v1/evaluate/flags/new-checkout ${dim(JSON.stringify(body))}`);
    const answer = await fetch(`${http}/ofrep/v1/evaluate/flags/new-checkout`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    show(green(await answer.text()));
  }

  step("Evaluate over gRPC");
  const client = createClient(
    Service,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }),
  );
  const banner = await client.resolveString({ flagKey: "banner-text", context });
  show(
    `ResolveString banner-text → ${green(`${banner.value} (${banner.reason}, ${banner.variant})`)}`,
  );
  const limits = await client.resolveObject({ flagKey: "limits", context: { plan: "team" } });
  show(`ResolveObject limits {plan: team} → ${green(JSON.stringify(limits.value))}`);

  step("Change a flag in Redis and watch it arrive");
  const abort = new AbortController();
  const events = client.eventStream({}, { signal: abort.signal })[Symbol.asyncIterator]();
  await events.next();
  const changed = JSON.parse(flags);
  changed.flags["banner-text"].defaultVariant = "loud";
  const before = performance.now();
  await redis.send("SET", ["flags", JSON.stringify(changed)]);
  show(`SET flags … ${dim("with banner-text's defaultVariant = loud")}`);
  const event = await events.next();
  const took = (performance.now() - before).toFixed(0);
  show(
    `event after ${took} ms: ${green(`${event.value?.type} ${JSON.stringify(event.value?.data)}`)}`,
  );
  const after = await client.resolveString({ flagKey: "banner-text", context });
  show(
    `ResolveString banner-text → ${green(`${after.value} (${after.reason}, ${after.variant})`)}`,
  );
  abort.abort();
  redis.close();

  say(`\n${bold("What to try next")}`);
  if (keep) {
    show(`redis-cli -p ${redisPort} GET flags`);
    show(`curl -X POST ${http}/ofrep/v1/evaluate/flags -d '{"context":{"plan":"team"}}'`);
    show(`curl ${http}/metrics`);
    show(`logs: ${folder}    stop everything: Ctrl-C`);
    await new Promise<void>((resolve) => {
      process.once("SIGINT", resolve);
      process.once("SIGTERM", resolve);
    });
  } else {
    show("npm run quickstart -- --keep    the same, left running, to try things out");
    show("dist/flagd start --help         every option");
    show("docs/                           one page per task");
  }
}

try {
  await quickstart();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  for (const [index] of processes.entries()) {
    const text = await Bun.file(join(folder, `${index}.log`)).text();
    if (text) console.error(text.slice(-2000));
  }
  process.exitCode = 1;
} finally {
  await stop();
}
