/** With --client-ca-path every port that serves flags is for clients with a certificate alone. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Service } from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { FlagSyncService } from "../../src/gen/flagd/sync/v1/sync_pb.ts";
import { type Certificates, type KeyPair, makeCertificates } from "../support/certificates.ts";
import { root } from "../support/documentation.ts";
import { startFlagd } from "../support/flagd.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates.remove());

/** What a client shows: nothing, or a certificate. */
const tlsOf = (pair: KeyPair | undefined) => ({
  ca: readFileSync(certificates.ca.cert),
  ...(pair && { cert: readFileSync(pair.cert), key: readFileSync(pair.key) }),
});

const ofrep = (port: number, pair: KeyPair | undefined): Promise<number> =>
  new Promise((resolve, reject) => {
    const options = { ...tlsOf(pair), method: "POST", agent: false } as const;
    get(`https://localhost:${port}/ofrep/v1/evaluate/flags/banner-text`, options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on("error", reject);
  });

test.each(["1", "2"])(
  "ports are for clients with a certificate, with %s threads",
  async (workers) => {
    const [probes = 0] = await freePorts(1);
    const { server, ca, client, foreign } = certificates;
    await using flagd = await startFlagd(
      [
        ...["-f", `file:${join(root, "examples/flags.json")}`, "-m", `${probes}`],
        ...["-c", server.cert, "-k", server.key, "--client-ca-path", ca.cert, "--workers", workers],
      ],
      { probes: `http://127.0.0.1:${probes}` },
    );
    const asked = (pair: KeyPair | undefined) => {
      const transport = (port: number) =>
        createGrpcTransport({ baseUrl: `https://localhost:${port}`, nodeOptions: tlsOf(pair) });
      return [
        () =>
          createClient(Service, transport(flagd.port)).resolveString({ flagKey: "banner-text" }),
        () => createClient(FlagSyncService, transport(flagd.syncPort)).fetchAllFlags({}),
        () => ofrep(flagd.httpPort, pair),
      ];
    };
    for (const ask of asked(client)) await ask();
    expect(await ofrep(flagd.httpPort, client)).toBe(200);
    for (const pair of [undefined, foreign]) {
      for (const ask of asked(pair)) await expect(ask()).rejects.toThrow();
    }
    const path = "/ofrep/v1/evaluate/flags/banner-text";
    const plain = await fetch(`http://localhost:${flagd.httpPort}${path}`, { method: "POST" });
    expect(plain.status).toBe(403);
    for (const scheme of ["http", "https"]) {
      const tls = { ca: readFileSync(ca.cert, "utf8") };
      expect((await fetch(`${scheme}://localhost:${probes}/readyz`, { tls })).status).toBe(200);
    }
  },
);

test("who has no certificate is told so on every port, and not only cut off", async () => {
  const { server, ca } = certificates;
  await using flagd = await startFlagd([
    ...["-f", `file:${join(root, "examples/flags.json")}`],
    ...["-c", server.cert, "-k", server.key, "--client-ca-path", ca.cert],
  ]);
  for (const port of [flagd.port, flagd.httpPort, flagd.syncPort]) {
    // In TLS 1.2 a client that has shown its certificate waits, so that nothing crosses the alert on its way.
    const command = ["openssl", "s_client", "-tls1_2", "-CAfile", ca.cert];
    await until(`an alert on ${port}`, async () => {
      const { stderr } = Bun.spawnSync([...command, "-connect", `localhost:${port}`], {
        stdin: "ignore",
      });
      return stderr.toString().includes("alert handshake failure");
    });
  }
});
