import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Service } from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { binary, runFlagd, startFlagd } from "../support/flagd.ts";
import { freePort } from "../support/ports.ts";
import { RedisServer } from "../support/redis.ts";
import { changedDocument, sampleDocument } from "../support/sample-flags.ts";
import { until } from "../support/until.ts";

let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flagd-start-"));
  file = join(folder, "flags.json");
  writeFileSync(file, JSON.stringify(sampleDocument));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const evaluate = async (http: string, flag: string) => {
  const answer = await fetch(`${http}/ofrep/v1/evaluate/flags/${flag}`, { method: "POST" });
  return (await answer.json()) as { readonly value?: unknown };
};

test("version tells version, commit and build date", async () => {
  const { code, stdout } = await runFlagd(["version"]);
  expect(stdout).toMatch(/^flagd: \d+\.\d+\.\d+ \([0-9a-f]{7,}\), built at: \d{4}-\d\d-\d\dT/);
  expect(code).toBe(0);
});

test("what lies in the working directory has no effect", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "flagd-stray-"));
  writeFileSync(join(cwd, ".env"), "FLAGD_PORT=abc\n");
  writeFileSync(join(cwd, "bunfig.toml"), 'preload = ["./stray.ts"]\n');
  writeFileSync(join(cwd, "stray.ts"), 'throw new Error("stray");\n');
  writeFileSync(join(cwd, "package.json"), "{ broken");
  writeFileSync(join(cwd, "tsconfig.json"), "{ broken");
  {
    await using flagd = await startFlagd(["-f", `file:${file}`], { cwd });
    expect(await evaluate(flagd.http, "bool")).toMatchObject({ value: true });
  }
  rmSync(cwd, { recursive: true });
});

test("SIGTERM ends it with 0 and leaves no socket file", async () => {
  const socket = join(folder, "evaluation.sock");
  await using flagd = await startFlagd(["-f", `file:${file}`, "--socket-path", socket]);
  expect(existsSync(socket)).toBe(true);
  const answer = await fetch("http://localhost/flagd.evaluation.v1.Service/ResolveBoolean", {
    unix: socket,
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"flagKey":"bool"}',
  });
  expect(await answer.json()).toMatchObject({ value: true });
  expect(await flagd.stop()).toBe(0);
  expect(existsSync(socket)).toBe(false);
});

test("SIGTERM under load: every call in flight is answered", async () => {
  await using flagd = await startFlagd(["-f", `file:${file}`]);
  const baseUrl = `http://127.0.0.1:${flagd.port}`;
  const inFlight = new Set<Promise<unknown>>();
  let answered = 0;
  let stopped = false;
  const callers = Array.from({ length: 8 }, async () => {
    const client = createClient(Service, createGrpcTransport({ baseUrl }));
    while (!stopped) {
      const call = client.resolveBoolean({ flagKey: "bool" });
      inFlight.add(call);
      await call.then(
        () => answered++,
        () => {
          // Once it is told to stop, a new call may find nobody.
          stopped = true;
        },
      );
      inFlight.delete(call);
    }
  });
  await until("calls being answered", () => answered > 200);
  const atSignal = [...inFlight];
  flagd.signal("SIGTERM");
  const results = await Promise.allSettled(atSignal);
  expect(results.length).toBeGreaterThan(0);
  expect(results.filter(({ status }) => status === "rejected")).toEqual([]);
  expect(await flagd.exited).toBe(0);
  stopped = true;
  await Promise.all(callers);
});

test.each(["evaluation", "OFREP"])(
  "SIGTERM under load over HTTP/1.1: no connection of %s ends without saying so before",
  async (service) => {
    await using flagd = await startFlagd(["-f", `file:${file}`]);
    const [port, path] =
      service === "OFREP"
        ? [flagd.httpPort, "/ofrep/v1/evaluate/flags/bool"]
        : [flagd.port, "/flagd.evaluation.v1.Service/ResolveBoolean"];
    const body = '{"flagKey":"bool"}';
    const request =
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`;
    let answered = 0;
    /** Asks again whenever there is an answer. Returns what was answered to the last request. */
    const caller = () =>
      new Promise<string>((resolve) => {
        let answer = "";
        const socket = connect(port, "127.0.0.1", () => socket.write(request));
        socket.setEncoding("latin1");
        socket.on("error", () => {});
        socket.on("close", () => resolve(answer));
        socket.on("data", (text: string) => {
          answer += text;
          if (!answer.endsWith("}") || answer.includes("Connection: close")) return;
          answered++;
          answer = "";
          socket.write(request);
        });
      });
    const callers = Array.from({ length: 16 }, caller);
    await until("calls being answered", () => answered > 200);
    flagd.signal("SIGTERM");
    for (const last of await Promise.all(callers)) {
      expect(last).toContain("Connection: close");
      expect(last).toEndWith("}");
    }
    expect(await flagd.exited).toBe(0);
  },
);

test("health and ready ask a daemon as a probe does", async () => {
  const [port, missing] = [await freePort(), join(folder, "later.json")];
  const gone = await runFlagd(["health", "--addr", `127.0.0.1:${port}`]);
  expect(gone).toEqual({
    code: 1,
    stdout: "",
    stderr: `not healthy: nothing is listening on 127.0.0.1:${port}\n`,
  });
  await using redis = await RedisServer.start();
  const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
  await using flagd = await startFlagd(["-f", uri], { unready: true });
  const env = { FLAGD_MANAGEMENT_PORT: `${flagd.httpPort}` };
  expect(await runFlagd(["health"], { env })).toEqual({ code: 0, stdout: "healthy\n", stderr: "" });
  const other = await runFlagd(["health", "--addr", `127.0.0.1:${flagd.syncPort}`]);
  expect(other.stderr).toEndWith("; is this the management port of flagd (--management-port)?\n");
  const waiting = await until("the reason", async () => {
    const answer = await runFlagd(["ready"], { env });
    return answer.stderr.includes("does not exist") ? answer : undefined;
  });
  expect(waiting).toMatchObject({ code: 1, stdout: "" });
  expect(waiting.stderr).toMatch(
    /^not ready: starting; redis:\/\/.*: the key "flags" does not exist/,
  );
  await redis.set("flags", JSON.stringify(sampleDocument));
  await until("readiness", async () => (await runFlagd(["ready"], { env })).code === 0);
  const broken = { ...env, HTTP_PROXY: "http://127.0.0.1:1", HOME: missing };
  expect((await runFlagd(["ready"], { env: broken })).stdout).toBe("ready\n");
});

test("a daemon that does not answer is not healthy", async () => {
  const server = createServer(() => {});
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
  const answer = await runFlagd(["health", "--addr", `127.0.0.1:${port}`, "--timeout", "100ms"]);
  server.close();
  expect(answer.stderr).toBe(`not healthy: 127.0.0.1:${port} does not answer within 0.1 s\n`);
  expect(answer.code).toBe(1);
});

test("SIGUSR1 and SIGUSR2 do not end it", async () => {
  await using flagd = await startFlagd(["-f", `file:${file}`]);
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    flagd.signal(signal);
    expect(await evaluate(flagd.http, "bool")).toMatchObject({ value: true });
  }
  expect(await flagd.stop()).toBe(0);
});

test.each<[string, string[], Record<string, string>]>([
  ["option", ["--log-format", "json"], {}],
  ["variable", [], { FLAGD_LOG_FORMAT: "json" }],
  ["configuration file", ["--config", "flagd.yaml"], {}],
])(
  "JSON is asked for by %s: every line is JSON, from the first to the last",
  async (_, args, env) => {
    writeFileSync(join(folder, "flagd.yaml"), "log-format: json\nprot: 1\n");
    const flagd = await startFlagd(["-f", `file:${file}`, ...args], { env, cwd: folder });
    await flagd.stop();
    const refused = await runFlagd(["start", ...args], { env, cwd: folder });
    const lines = [flagd.log(), refused.stderr].flatMap((text) => text.trimEnd().split("\n"));
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty("msg");
    expect(refused.code).toBe(1);
  },
);

test("SIGHUP fetches every source now", async () => {
  await using redis = await RedisServer.start();
  await redis.set("flags", JSON.stringify(sampleDocument));
  const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
  const source = { uri, provider: "redis", interval: 3600, watch: false };
  await using flagd = await startFlagd(["--sources", JSON.stringify([source])]);
  await redis.set("flags", JSON.stringify(changedDocument()));
  flagd.signal("SIGHUP");
  await until("the change", async () => (await evaluate(flagd.http, "bool")).value === false);

  const document = JSON.stringify(changedDocument());
  const hash = new Bun.CryptoHasher("sha3-256").update(document).digest("hex");
  const metrics = await (await fetch(`${flagd.http}/metrics`)).text();
  expect(metrics).toContain(`feature_flag_flagd_source_document_info{hash="${hash}"`);
});

test("a source out of reach: alive, not ready, says why, and ready when it is there", async () => {
  await using redis = await RedisServer.start({ password: "hunter2" });
  await redis.kill();
  const address = `127.0.0.1:${redis.port}/0?key=flags`;
  const source = { uri: `redis://hunter2@${address}`, provider: "redis", interval: 1 };
  await using flagd = await startFlagd(["--sources", JSON.stringify([source])], { unready: true });
  const failed = await until("a failed attempt", async () => {
    const response = await fetch(`${flagd.http}/readyz`);
    expect(response.status).toBe(412);
    const { sources } = (await response.json()) as { sources: { state: string }[] };
    return sources[0]?.state === "failed" ? sources[0] : undefined;
  });
  expect(failed).toMatchObject({
    source: `redis://${address}`,
    reason: expect.stringContaining("refuse"),
  });

  await redis.start({ password: "hunter2" });
  await redis.set("flags", JSON.stringify(sampleDocument));
  await until("readiness", async () => (await fetch(`${flagd.http}/readyz`)).ok);
  expect(flagd.log()).not.toContain("hunter2");
});

test.each([
  [["start"], /no flag source/],
  [["start", "--prot", "1"], /unknown option --prot.*--port/s],
  [["start", "-f", "file:/nonexistent/flags.json"], /\/nonexistent\/flags\.json/],
  [["start", "-f", "redis://:hunter2@localhost"], /key/],
  [["strat"], /unknown command.*start/s],
] as const)("flagd %p ends with 1 and says what is wrong", async (args, message) => {
  const [port, other, sync] = [await freePort(), await freePort(), await freePort()];
  const ports = ["-p", `${port}`, "-m", `${other}`, "-r", `${other}`, "-g", `${sync}`];
  const { code, stderr } = await runFlagd([...args, ...(args.length > 1 ? ports : [])]);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain("hunter2");
  expect(code).toBe(1);
});

const full = "/dev/full";
test.skipIf(!existsSync(full))("half a completion script is an error", async () => {
  const child = Bun.spawn([binary, "completion", "bash"], {
    stdout: Bun.file(full),
    stderr: "pipe",
  });
  expect(await new Response(child.stderr).text()).toContain("standard output cannot be written");
  expect(await child.exited).toBe(1);
});

test("a reader of the help that leaves early is none", async () => {
  const child = Bun.spawn(["bash", "-c", 'set -o pipefail; "$0" help | true', binary]);
  expect(await child.exited).toBe(0);
});

test("a busy port is one clear line and exit 1", async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, () => resolve((server.address() as { port: number }).port));
  });
  const other = await freePort();
  const ports = ["-p", `${port}`, "-m", `${other}`, "-r", `${other}`, "-g", `${await freePort()}`];
  const { code, stderr } = await runFlagd(["start", "-f", `file:${file}`, ...ports]);
  const json = await runFlagd(["start", "-f", `file:${file}`, ...ports, "-z", "json"]);
  server.close();
  expect(JSON.parse(json.stderr.trim().split("\n").at(-1) ?? "")).toMatchObject({
    level: "fatal",
    msg: expect.stringContaining("in use"),
  });
  expect(json.code).toBe(1);
  expect(stderr).toContain(`${port}`);
  expect(stderr).toMatch(/\(--port\).* in use/);
  expect(code).toBe(1);
});
