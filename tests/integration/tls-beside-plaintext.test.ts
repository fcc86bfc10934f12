/** With a certificate, one port takes TLS and plaintext side by side. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { join } from "node:path";
import { serveHttp } from "../../src/transport/http.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { root } from "../support/documentation.ts";
import { startFlagd } from "../support/flagd.ts";
import { freePorts } from "../support/ports.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";
import { rememberingLog } from "../support/remembering-log.ts";

let certificates: Certificates;
let ca: string;
/** Of every flagd, also one that was written for Go flagd. */
let tls: string[];
const source = ["-f", `file:${join(root, "examples/flags.json")}`];
const flag = "/ofrep/v1/evaluate/flags/banner-text";

beforeAll(async () => {
  certificates = makeCertificates();
  ca = await Bun.file(certificates.ca.cert).text();
  tls = ["-c", certificates.server.cert, "-k", certificates.server.key];
});
afterAll(() => certificates.remove());

const get = (scheme: string, port: number, path: string) =>
  fetch(`${scheme}://localhost:${port}${path}`, { tls: { ca } });
const evaluate = (scheme: string, port: number) =>
  fetch(`${scheme}://localhost:${port}${flag}`, { method: "POST", body: "{}", tls: { ca } });

const probesAnswer = async (port: number) => {
  for (const scheme of ["http", "https"]) {
    for (const path of ["/healthz", "/readyz", "/metrics"]) {
      expect([scheme, path, (await get(scheme, port, path)).status]).toEqual([scheme, path, 200]);
    }
  }
};

test.each([
  ["one thread", []],
  ["two threads", ["--workers", "2"]],
])(
  "the arguments of a Go flagd: probes, metrics and OFREP in plaintext, and over TLS (%s)",
  async (_name, more) => {
    const [ofrepPort = 0] = await freePorts(1);
    // The last -r counts.
    const args = [...source, ...tls, "-r", `${ofrepPort}`, "-z", "json", ...more];
    await using flagd = await startFlagd(args);
    await probesAnswer(flagd.httpPort);
    for (const scheme of ["http", "https"]) {
      const response = await evaluate(scheme, ofrepPort);
      expect([scheme, response.status, (await response.json()).key]).toEqual([
        scheme,
        200,
        "banner-text",
      ]);
    }
    const metrics = await (await get("http", flagd.httpPort, "/metrics")).text();
    for (const scheme of ["http", "https"]) {
      expect(metrics).toMatch(
        new RegExp(`request_duration_seconds_count{.*/flags/{key}.*url_scheme="${scheme}"} 1`),
      );
    }
  },
);

const rules = [
  ["optional", 200, 200],
  ["required", 403, 200],
  ["off", 200, 403],
] as const;
test.each(rules)(
  "--ofrep-tls %s: OFREP in plaintext %d, over TLS %d, probes always",
  async (rule, plain, secure) => {
    await using flagd = await startFlagd([...source, ...tls, "--ofrep-tls", rule]);
    await probesAnswer(flagd.httpPort);
    const answers = [
      await evaluate("http", flagd.httpPort),
      await evaluate("https", flagd.httpPort),
    ];
    expect(answers.map(({ status }) => status)).toEqual([plain, secure]);
    for (const answer of answers.filter(({ status }) => status === 403)) {
      expect((await answer.json()).errorDetails).toContain(`--ofrep-tls=${rule}`);
    }
  },
);

test("redis-sync: probes and metrics in plaintext and over TLS, also if the stream asks for client certificates", async () => {
  await using redis = await RedisServer.start();
  await redis.set("flags", '{"flags":{}}');
  await using sync = await RedisSync.start(redis, [
    ...["--redis-sync-cert-path", certificates.server.cert],
    ...["--redis-sync-key-path", certificates.server.key],
    ...["--redis-sync-client-ca-path", certificates.ca.cert],
  ]);
  await probesAnswer(Number(new URL(sync.management).port));
});

test("a handshake that does not end is given up as soon as a plaintext head", async () => {
  const server = await serveHttp(
    {
      name: "management",
      address: { port: 0, host: "127.0.0.1" },
      handlers: [],
      tls: { certPath: certificates.server.cert, keyPath: certificates.server.key },
      maxRequestHeader: 1_000,
      log: rememberingLog(),
    },
    { headersMs: 200 },
  );
  for (const begun of ["\x16", "\x16\x03\x01\x02\x00\x01", "GET /"]) {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(begun, "latin1");
    await new Promise((resolve) => socket.on("close", resolve));
  }
  await server.stop(0);
});
