/**
 * What tokens and client certificates cost: CPU of the server for each request with them and without, interleaved.
 *
 *   bun build.ts && bun bench/guard.ts [--rounds 7] [--seconds 3]
 *
 * Needs Linux, wrk, ab (apache2-utils) and openssl. Tokens are measured in plaintext, client certificates over TLS
 * beside TLS without them. `traced` requests have each a head of its own.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeCertificates } from "../tests/support/certificates.ts";
import { type Flagd, startFlagd } from "../tests/support/flagd.ts";
import { flagDocument } from "./side-by-side/flags.ts";
import { runGrpcLoad } from "./side-by-side/grpc-load.ts";
import { runHttpLoad } from "./side-by-side/load.ts";
import { usageOf } from "./side-by-side/process-tree.ts";
import { median } from "./side-by-side/statistics.ts";
import { type Workload, workloads } from "./side-by-side/workloads.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "3" },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

const folder = mkdtempSync(join(tmpdir(), "flagd-guard-"));
const certificates = makeCertificates();
const path = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const token = "the-token-of-this-measurement";
const surfaces = ["evaluation", "ofrep"];
const tokens = path("tokens.json", JSON.stringify({ tokens: [{ name: "load", token, surfaces }] }));
const both = path(
  "client.pem",
  readFileSync(certificates.client.cert, "utf8") + readFileSync(certificates.client.key, "utf8"),
);
const source = ["-f", `file:${path("hundred.json", flagDocument(100))}`];
const withTokens = ["--tokens-path", tokens];
const { server, ca, client } = certificates;
const withTls = ["--server-cert-path", server.cert, "--server-key-path", server.key];
const withClientCa = [...withTls, "--client-ca-path", ca.cert];
const bearer = { Authorization: `Bearer ${token}` };

interface Side {
  readonly flagd: Flagd;
  readonly tls: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

interface Load {
  readonly title: string;
  readonly without: Side;
  readonly with: Side;
  run(side: Side): Promise<number>;
}

await using stack = new AsyncDisposableStack();
stack.defer(() => {
  rmSync(folder, { recursive: true });
  certificates.remove();
});
const side = async (options: readonly string[], headers: Side["headers"]): Promise<Side> => ({
  flagd: stack.use(await startFlagd([...source, ...options])),
  tls: options.includes("--server-cert-path"),
  headers,
});
const open = await side([], {});
const guarded = await side(withTokens, bearer);
const tls = await side(withTls, {});
const mutual = await side([...withClientCa, ...withTokens], bearer);

const chosen = ["unary", "connect", "ofrep"].map((id) => {
  const found = workloads.find((load) => load.id === id);
  if (!found) throw new Error(`there is no load ${id}`);
  return found;
});
const loads: Load[] = chosen.flatMap((load) => [
  ...[false, true].map((traced) => ({
    title: `${load.title}, tokens${traced ? ", traced" : ""}`,
    without: open,
    with: guarded,
    run: (side: Side) => (load.http === 2 ? grpc(load, side, traced) : http(load, side, traced)),
  })),
  {
    title: `${load.title}, tokens and client certificate`,
    without: tls,
    with: mutual,
    run: (side: Side) => (load.http === 2 ? grpc(load, side, false) : httpOverTls(load, side)),
  },
]);

console.log(`${"µs of CPU for each request".padEnd(72)}  without     with   ratio of medians`);
for (const { title, without, with: guardedSide, run } of loads) {
  const figures = [without, guardedSide].map((side) => ({ side, cpu: [] as number[] }));
  for (const { side } of figures) await run(side);
  for (let round = 0; round < rounds; round++) {
    // What the machine does besides meets both alike.
    for (const { side, cpu } of round % 2 === 0 ? figures : figures.toReversed()) {
      const before = usageOf(side.flagd.pid).cpuMicros;
      const requests = await run(side);
      cpu.push((usageOf(side.flagd.pid).cpuMicros - before) / requests);
    }
  }
  const [a = 0, b = 0] = figures.map(({ cpu }) => median(cpu));
  console.log(
    `${title.padEnd(72)}${a.toFixed(2).padStart(9)}${b.toFixed(2).padStart(9)}   ${(b / a).toFixed(3)}`,
  );
}

function pathOf(load: Workload): string {
  return new URL(load.url({ port: 1, ofrepPort: 1 } as Parameters<Workload["url"]>[0])).pathname;
}

function portOf({ id }: Workload, { flagd }: Side): number {
  return id === "ofrep" ? flagd.httpPort : flagd.port;
}

function grpc(load: Workload, side: Side, traced: boolean): Promise<number> {
  return runGrpcLoad({
    port: portOf(load, side),
    path: pathOf(load),
    tls: side.tls,
    connections: 4,
    callsAtATime: 32,
    seconds,
    bodies: [Buffer.from(load.body).toString("base64")],
    headers: Object.fromEntries(
      Object.entries(side.headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    traced,
    ...(side.tls && { certificate: client }),
  });
}

function http(load: Workload, side: Side, traced: boolean): Promise<number> {
  return runHttpLoad(
    {
      port: portOf(load, side),
      path: pathOf(load),
      tls: false,
      connections: 32,
      headers: { "Content-Type": load.contentType, ...side.headers },
      bodies: [Buffer.from(load.body).toString()],
      traced,
    },
    seconds,
  );
}

/** By ab, which has a certificate to show. */
async function httpOverTls(load: Workload, side: Side): Promise<number> {
  const body = path("body.json", Buffer.from(load.body).toString());
  const fields = Object.entries(side.headers).flatMap(([name, value]) => [
    "-H",
    `${name}: ${value}`,
  ]);
  const child = Bun.spawn(
    [
      ...["ab", "-q", "-k", "-c", "32", "-t", `${seconds}`, "-n", "500000", "-E", both],
      ...["-T", load.contentType, "-p", body, ...fields],
      `https://127.0.0.1:${portOf(load, side)}${pathOf(load)}`,
    ],
    { stdout: "pipe", stderr: "pipe" },
  );
  const output = await new Response(child.stdout).text();
  const answered = Number(/Complete requests:\s+(\d+)/.exec(output)?.[1] ?? 0);
  if ((await child.exited) !== 0 || answered === 0 || /Non-2xx/.test(output)) {
    throw new Error(`ab: ${output}${await new Response(child.stderr).text()}`);
  }
  return answered;
}
