import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { ResolveBooleanRequestSchema } from "../../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { frameMessage } from "../../../src/transport/grpc/envelope.ts";
import { makeCertificates } from "../../../tests/support/certificates.ts";
import type { Bench, Measurement } from "../bench.ts";
import {
  type ConstantServer,
  type ServerCertificate,
  startBareServer,
  startNghttpd,
  startNginx,
} from "../constant-server.ts";
import { type Server, startServer } from "../contender.ts";
import { flagDocument, staticFlag } from "../flags.ts";
import { runGrpcLoad } from "../grpc-load.ts";
import { type HttpLoad, runHttpLoad } from "../load.ts";
import { median } from "../statistics.ts";
import { type Line, microseconds, ratioOf } from "../table.ts";
import { service } from "../workloads.ts";

/** Names of the columns. */
export const constantColumns = ["flagd", "C server", "bare Bun server"];

/** So many requests differ, so that remembering one is no gain. */
const different = 1024;
const half = different / 2;

/** Every other flag of the document is static. */
const staticFlags = Array.from({ length: 50 }, (_, n) => `flag-${String(2 * n).padStart(3, "0")}`);
const users = Array.from({ length: different }, (_, n) => ({
  flagKey: staticFlags[n % staticFlags.length] ?? staticFlag,
  context: { targetingKey: `user-${n * 7919}`, plan: n < half ? "pro" : "free" },
}));

const grpcBodies = users.map((user) =>
  Buffer.from(
    frameMessage(toBinary(ResolveBooleanRequestSchema, create(ResolveBooleanRequestSchema, user))),
  ).toString("base64"),
);
const connectBodies = users.map((user) => JSON.stringify(user));
const ofrepBodies = users.map(({ context }) => JSON.stringify({ context }));

const resolvePath = `/${service}/ResolveBoolean`;
const ofrepPath = `/ofrep/v1/evaluate/flags/${staticFlag}`;

interface Row {
  readonly id: string;
  readonly title: string;
  /** How much of the C server's cost ours may be, as a ratio the other way round. */
  readonly target: string;
  readonly against: "nginx" | "nghttpd" | "nghttpd-tls";
  /** @returns requests that were answered */
  load(port: number, seconds: number): Promise<number>;
  port(server: Server): number;
  tls?: boolean;
}

const http =
  (more: Partial<HttpLoad> & Pick<HttpLoad, "path">) => (port: number, seconds: number) =>
    runHttpLoad({ port, connections: 32, tls: false, headers: {}, bodies: [], ...more }, seconds);
const grpc =
  (connections: number, callsAtATime: number, tls = false) =>
  (port: number, seconds: number) =>
    runGrpcLoad({
      port,
      path: resolvePath,
      tls,
      connections,
      callsAtATime,
      seconds,
      bodies: grpcBodies,
    });

const json = { "Content-Type": "application/json" };
const close = { Connection: "close" };
const ofrep = { path: ofrepPath, headers: json, bodies: ofrepBodies };
const connect = { path: resolvePath, headers: json, bodies: connectBodies };
const kept = { against: "nginx", target: "0.80×" } as const;
const closed = { against: "nginx", target: "0.56×" } as const;
const unary = { against: "nghttpd", target: "0.83×", port: ({ port }: Server) => port } as const;
const unaryTls = { ...unary, against: "nghttpd-tls", tls: true } as const;
const toOfrep = ({ ofrepPort }: Server) => ofrepPort;
const toManagement = ({ managementPort }: Server) => managementPort;
const toEvaluation = ({ port }: Server) => port;

const rows: readonly Row[] = [
  {
    id: "c-ofrep",
    title: "OFREP single, 32 connections",
    ...kept,
    load: http(ofrep),
    port: toOfrep,
  },
  {
    id: "c-connect",
    title: "Connect JSON, 32 connections",
    ...kept,
    load: http(connect),
    port: toEvaluation,
  },
  {
    id: "c-ofrep-close",
    title: "OFREP single, a connection each",
    ...closed,
    load: http({ ...ofrep, headers: { ...json, ...close } }),
    port: toOfrep,
  },
  {
    id: "c-connect-close",
    title: "Connect JSON, a connection each",
    ...closed,
    load: http({ ...connect, headers: { ...json, ...close } }),
    port: toEvaluation,
  },
  {
    id: "c-readyz",
    title: "GET /readyz, 32 connections",
    against: "nginx",
    target: "0.71×",
    load: http({ path: "/readyz" }),
    port: toManagement,
  },
  {
    id: "c-readyz-close",
    title: "GET /readyz, a connection each",
    ...closed,
    load: http({ path: "/readyz", headers: close }),
    port: toManagement,
  },
  {
    id: "c-grpc-one",
    title: "gRPC unary, 100 connections, one call at a time on each",
    ...unary,
    load: grpc(100, 1),
  },
  {
    id: "c-grpc",
    title: "gRPC unary, 4 connections, 32 calls at a time on each",
    ...unary,
    load: grpc(4, 32),
  },
  {
    id: "c-grpc-one-tls",
    title: "gRPC unary over TLS, 100 connections, one call at a time on each",
    ...unaryTls,
    load: grpc(100, 1, true),
  },
  {
    id: "c-grpc-tls",
    title: "gRPC unary over TLS, 4 connections, 32 calls at a time on each",
    ...unaryTls,
    load: grpc(4, 32, true),
  },
  {
    id: "c-ofrep-tls",
    title: "OFREP single over TLS, 32 connections",
    ...kept,
    tls: true,
    load: http({ ...ofrep, tls: true }),
    port: toOfrep,
  },
];

/** Server CPU for each request, beside servers in C that answer a constant. */
export const constants: readonly Measurement[] = rows.map((row) => ({
  id: row.id,
  run: async (bench) => [await measure(row, bench)],
}));

async function measure(row: Row, bench: Bench): Promise<Line> {
  const { folder, seconds, contenders } = bench;
  const [ours] = contenders;
  if (ours === undefined) throw new Error("nothing to measure");
  const certificates = makeCertificates();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => certificates.remove());
  const { cert: certPath, key: keyPath } = certificates.server;
  const file = join(folder, "hundred.json");
  await Bun.write(file, flagDocument(100));
  const options = row.tls ? ["--server-cert-path", certPath, "--server-key-path", keyPath] : [];
  const server = stack.use(await startServer({ ...ours, options }, `file:${file}`));
  const other = stack.use(await startOther(row, folder, { certPath, keyPath }));
  const http = row.against === "nginx" ? 1 : 2;
  const bare = stack.use(await startBareServer(http, { certPath, keyPath }));
  const sides = [
    { port: row.port(server), usage: () => server.usage() },
    ...[other, bare].map((constant) => ({
      port: row.tls ? constant.tlsPort : constant.port,
      usage: () => constant.usage(),
    })),
  ];
  const costs: number[][] = sides.map(() => []);
  for (const side of sides) await row.load(side.port, seconds);
  // Short turns: a machine that is slower for a second is that for all of them.
  for (let round = 0; round < bench.rounds * 2; round++) {
    for (const [n, side] of sides.entries()) {
      const before = side.usage().cpuMicros;
      const requests = await row.load(side.port, seconds / 4);
      costs[n]?.push((side.usage().cpuMicros - before) / requests);
    }
  }
  const medians = costs.map(median);
  return {
    work: row.title,
    cells: medians.map(microseconds),
    ratio: ratioOf(medians),
    target: row.target,
  };
}

function startOther(
  { against }: Row,
  folder: string,
  certificate: ServerCertificate,
): Promise<ConstantServer> {
  if (against === "nginx") return startNginx(folder, certificate);
  return startNghttpd(folder, resolvePath, certificate, against === "nghttpd-tls");
}
