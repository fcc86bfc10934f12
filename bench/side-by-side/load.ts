/** Load from generators that are not JavaScript: h2load, and wrk for throughput over HTTP/1.1. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Server } from "./contender.ts";
import { quantile } from "./statistics.ts";
import type { Workload } from "./workloads.ts";

const connections = { http1: 32, http2: 4 };
const streamsPerConnection = 32;

/**
 * As much as the server takes for some seconds. Returns the number of requests answered.
 * @param few four requests at a time and no more: of what takes a server half a second each, it finishes some
 */
export async function saturate(
  load: Workload,
  server: Server,
  seconds: number,
  few = false,
): Promise<number> {
  if (load.http === 2) {
    const streams = few ? 1 : streamsPerConnection;
    return h2load(load, server, ["-c", connections.http2, "-m", streams, "-D", seconds]);
  }
  using files = temporaryFiles();
  const script = [
    'wrk.method = "POST"',
    `wrk.headers["Content-Type"] = ${JSON.stringify(load.contentType)}`,
    `wrk.body = [==[${new TextDecoder().decode(load.body)}]==]`,
  ];
  const lua = files.write("post.lua", script.join("\n"));
  // Slow is no failure.
  const patience = ["--timeout", "30s"];
  const open = few ? connections.http2 : connections.http1;
  const limit = ["-t", 1, "-c", open, "-d", `${seconds}s`, ...patience];
  const output = await run(["wrk", ...limit, "-s", lua, load.url(server)]);
  const failures = /Non-2xx.*|Socket errors.*/.exec(output);
  if (failures) throw new Error(`${load.title}: ${failures[0]}`);
  return numberIn(output, /(\d+) requests in/);
}

/** Requests of HTTP/1.1 that follow one another on each connection. */
export interface HttpLoad {
  readonly port: number;
  readonly path: string;
  readonly tls: boolean;
  readonly connections: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent in turn; none: the requests are GET. */
  readonly bodies: readonly string[];
  /** Every request is part of a trace of its own, so that no two heads are the same. */
  readonly traced?: boolean;
}

/** As much as the server takes for some seconds. Returns the number of requests answered. */
export async function runHttpLoad(load: HttpLoad, seconds: number): Promise<number> {
  const { port, path, tls, connections, headers, bodies, traced = false } = load;
  using files = temporaryFiles();
  const fields = Object.entries(headers).map(
    ([name, value]) => `[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  );
  const method = bodies.length > 0 ? "POST" : "GET";
  const script = [
    `local headers = { ${fields.join(", ")} }`,
    `local bodies = { ${(bodies.length > 0 ? bodies : [""]).map((body) => `[==[${body}]==]`).join(", ")} }`,
    "local requests, at = {}, 0",
    "function init()",
    "  for n, body in ipairs(bodies) do",
    `    requests[n] = wrk.format("${method}", nil, headers, ${bodies.length > 0 ? "body" : "nil"})`,
    "  end",
    "end",
    "function request()",
    "  at = at % #requests + 1",
    ...(traced
      ? [
          "  headers.traceparent = string.format('00-%032x-b7ad6b7169203331-00', math.random(2^31))",
          `  return wrk.format("${method}", nil, headers, bodies[at])`,
        ]
      : ["  return requests[at]"]),
    "end",
  ];
  const lua = files.write("load.lua", script.join("\n"));
  const limit = ["-t", 1, "-c", connections, "-d", `${Math.ceil(seconds)}s`, "--timeout", "30s"];
  const url = `${tls ? "https" : "http"}://127.0.0.1:${port}${path}`;
  const output = await run(["wrk", ...limit, "-s", lua, url]);
  // wrk takes the end of a connection that the answer announced for an error of reading.
  const failures = /Non-2xx.*|Socket errors: connect [1-9].*/.exec(output);
  if (failures) throw new Error(`${path}: ${failures[0]}`);
  return numberIn(output, /(\d+) requests in/);
}

/** An exact number of requests, as fast as the server takes them. */
export async function send(load: Workload, server: Server, requests: number): Promise<void> {
  const limit = ["-c", connections.http2, "-m", streamsPerConnection, "-n", requests];
  await h2load(load, server, limit);
}

export interface Latency {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Latency at the workload's fixed rate. */
export async function pace(load: Workload, server: Server, seconds: number): Promise<Latency> {
  using files = temporaryFiles();
  const log = files.path("requests.tsv");
  const clients = 4;
  const limit = ["-c", clients, "-m", streamsPerConnection, "-n", load.rate * seconds];
  await h2load(load, server, [...limit, "--rps", load.rate / clients, "--log-file", log]);
  const times = (await Bun.file(log).text())
    .trimEnd()
    .split("\n")
    .map((line) => Number(line.split("\t")[2]) / 1000);
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), max: quantile(times, 1) };
}

async function h2load(
  load: Workload,
  server: Server,
  limit: readonly (string | number)[],
): Promise<number> {
  using files = temporaryFiles();
  const body = files.write("body", load.body);
  const headers = ["-H", `content-type: ${load.contentType}`, "-H", "te: trailers"];
  const version = load.http === 1 ? ["--h1"] : [];
  const url = load.url(server);
  const output = await run(["h2load", "-t", 1, ...version, ...limit, "-d", body, ...headers, url]);
  return answersIn(load, output);
}

/**
 * The number of right answers, by what h2load printed. It does not read trailers, but an answer with
 * an error in them has no message: an HTTP/2 answer must have as much DATA as the text looked for.
 * @throws Error where there are others
 */
export function answersIn(load: Pick<Workload, "title" | "expected">, output: string) {
  const succeeded = numberIn(output, /(\d+) succeeded/);
  const wrong = [/(\d+) failed/, /(\d+) 3xx/, /(\d+) 4xx/, /(\d+) 5xx/]
    .map((pattern) => numberIn(output, pattern))
    .reduce((sum, count) => sum + count);
  if (wrong > 0 || succeeded === 0) {
    throw new Error(`${load.title}: ${succeeded} requests succeeded, ${wrong} failed`);
  }
  const data = numberIn(output, /\((\d+)\) data/) / succeeded;
  if (data < load.expected.length) {
    throw new Error(`${load.title}: answers have ${data.toFixed(0)} bytes, too few to be right`);
  }
  return succeeded;
}

async function run(command: readonly (string | number)[]): Promise<string> {
  const child = Bun.spawn(command.map(String), { stdout: "pipe", stderr: "pipe" });
  const output = new Response(child.stdout).text();
  const errors = new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${command[0]}: ${await errors}`);
  return output;
}

function numberIn(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1];
  if (found === undefined) throw new Error(`the load generator did not say ${pattern}:\n${output}`);
  return Number(found);
}

function temporaryFiles() {
  const folder = mkdtempSync(join(tmpdir(), "flagd-bench-"));
  const path = (name: string) => join(folder, name);
  return {
    path,
    write(name: string, content: string | Uint8Array): string {
      writeFileSync(path(name), content);
      return path(name);
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
