/** Sources whose `certPath` is no authority but the server's own certificate, as Go's clients take it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { runFlagd, startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { sampleDocument } from "../support/sample-flags.ts";

type Which = "server" | "wrongHost" | "expired";

let certificates: Certificates;
let folder: string;
beforeAll(async () => {
  certificates = makeCertificates();
  folder = await mkdtemp(join(tmpdir(), "flagd-own-certificate-"));
  await writeFile(join(folder, "flags.json"), JSON.stringify(sampleDocument));
});
afterAll(async () => {
  certificates.remove();
  await rm(folder, { recursive: true, force: true });
});

const pair = (which: Which) => certificates[which];

/** Starts a server that has the flags behind the certificate. */
const servers = {
  async http(which: Which) {
    const { cert, key } = pair(which);
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: { cert: Bun.file(cert), key: Bun.file(key) },
      fetch: () => Response.json(sampleDocument),
    });
    const uri = `https://localhost:${server.port}/flags.json`;
    return { uri, stop: () => server.stop(true) };
  },
  async grpc(which: Which) {
    const { cert, key } = pair(which);
    const file = `file:${join(folder, "flags.json")}`;
    const daemon = await startFlagd([
      ...["--uri", file, "--server-cert-path", cert, "--server-key-path", key],
      "--ofrep-tls=false",
    ]);
    const stop = () => daemon[Symbol.asyncDispose]();
    return { uri: `localhost:${daemon.syncPort}`, stop };
  },
  async redis(which: Which) {
    const server = await RedisServer.start({ tls: { server: pair(which) } });
    await server.set("flags", JSON.stringify(sampleDocument));
    return {
      uri: `rediss://localhost:${server.port}?key=flags`,
      stop: () => server[Symbol.asyncDispose](),
    };
  },
};

describe.each(Object.keys(servers) as (keyof typeof servers)[])("%s", (provider) => {
  const sourceOf = (uri: string, certPath: string) => [
    "--sources",
    JSON.stringify([{ provider, uri, certPath }]),
  ];

  test("connects", async () => {
    const server = await servers[provider]("server");
    try {
      await using flagd = await startFlagd(sourceOf(server.uri, certificates.server.cert));
      expect((await fetch(`${flagd.http}/readyz`)).status).toBe(200);
    } finally {
      await server.stop();
    }
  });

  test.each([
    ["expired", "expired"],
    ["wrongHost", "another host name"],
  ] as const)("refuses one that is %s, trusted or not", async (which, reason) => {
    const server = await servers[provider](which);
    try {
      const ports = ["-p", "-m", "-r", "-g"].flatMap((option) => [option, "0"]);
      const own = sourceOf(server.uri, pair(which).cert);
      const { code, stderr } = await runFlagd(["start", ...ports, ...own]);
      expect(stderr).toContain(reason);
      expect(code).toBe(1);
    } finally {
      await server.stop();
    }
  });
});
