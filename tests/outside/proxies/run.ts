/**
 * nginx, HAProxy, Caddy and Envoy in front of two `dist/flagd`, configured as docs/guides/proxies.md shows: every protocol,
 * streams that are idle, TLS and plaintext to the daemons, restarts under load, readiness. Arguments choose proxies
 * by name: `npx bun tests/outside/proxies/run.ts nginx`.
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../../support/certificates.ts";
import { nodeClient, pythonClient } from "../../support/client.ts";
import { freePort } from "../../support/ports.ts";
import { expectations, sampleDocument } from "../../support/sample-flags.ts";
import { until } from "../../support/until.ts";
import { expectEqual, Suite } from "../suite.ts";
import { callers, Events, Load, sseEvents, synced } from "./calls.ts";
import { Daemons } from "./daemons.ts";
import { kinds, type ProxyKind, RunningProxy } from "./proxies.ts";

const wanted = process.argv.slice(2).map((name) => name.toLowerCase());
const certificates = makeCertificates();
const folder = mkdtempSync(join(tmpdir(), "flagd-proxies-"));
const flags = join(folder, "flags.json");
const suite = new Suite("Proxies");

function write(light: string): void {
  const variants = { red: "red", green: "green", blue: "blue" };
  const more = { light: { state: "ENABLED", variants, defaultVariant: light } };
  const document = { ...sampleDocument, flags: { ...sampleDocument.flags, ...more } };
  writeFileSync(`${flags}.new`, JSON.stringify(document));
  renameSync(`${flags}.new`, flags);
}

try {
  for (const kind of kinds) {
    if (wanted.length > 0 && !wanted.includes(kind.title.toLowerCase())) continue;
    for (const tls of [false, true]) await checkAll(kind, tls);
  }
} finally {
  certificates.remove();
  rmSync(folder, { recursive: true, force: true });
}
suite.finish();

async function checkAll(kind: ProxyKind, tls: boolean): Promise<void> {
  const way = `${kind.title}, ${tls ? "TLS" : "plaintext"} to the daemons`;
  console.log(way);
  const check = (name: string, run: () => Promise<void>) => suite.check(`${way}: ${name}`, run);
  write("red");
  const security = tls
    ? ["--server-cert-path", certificates.server.cert, "--server-key-path", certificates.server.key]
    : [];
  await using daemons = await Daemons.start(["-f", `file:${flags}`, "--ofrep-sse", ...security]);
  await using proxy = await RunningProxy.start(kind, {
    ...{ daemons: daemons.ports, probes: daemons.probes, certificates, tls },
    idle: 25,
  });
  const address = { url: `https://localhost:${proxy.port}`, ca: certificates.ca.cert };

  for (const { name, ask } of callers(address)) {
    await check(name, async () => expectEqual(await ask(), "red"));
  }
  const provider = { host: "localhost", port: proxy.port, tls: true };
  await check("Node's provider, rpc", () =>
    evaluatesAll(nodeClient("flagd", { ...provider, certPath: address.ca })),
  );
  await check("Node's provider, in-process", () =>
    evaluatesAll(
      nodeClient("flagd", { ...provider, certPath: address.ca, resolverType: "in-process" }),
    ),
  );
  await check("Python's provider, rpc", () =>
    evaluatesAll(pythonClient({ ...provider, cert_path: address.ca })),
  );

  await check(
    "streams that were idle for longer than the proxy waits hear of a change",
    async () => {
      using grpc = new Events(address, "gRPC");
      using web = new Events(address, "gRPC-web");
      using connect = new Events(address, "Connect");
      using sync = synced(address);
      using sse = sseEvents(address);
      const streams = [grpc, web, connect, sync, sse];
      for (const stream of streams) await stream.opened();
      await Bun.sleep(55_000);
      for (const stream of streams) stream.expectAlive();
      write("green");
      for (const stream of streams) await stream.changed();
    },
  );

  await check("no call is lost while the daemons are replaced, one after the other", async () => {
    await using load = new Load(address);
    await load.flows();
    for (const number of [0, 1] as const) {
      await daemons.restart(number);
      await load.flows();
      // Until the proxy has seen that it is back.
      await Bun.sleep(kind.asksReadiness ? 6_000 : 11_000);
      await load.flows();
    }
    const lost = await load.failures();
    const answered502 = lost.filter((failure) => failure.includes("502"));
    if (kind.repeatsPosts) expectEqual(lost, []);
    // The call that each caller has open while a daemon ends, no other.
    else expectEqual([lost.length - answered502.length, answered502.length <= 16], [0, true]);
  });

  await check(
    "with no daemon left, only the proxy itself refuses; then all is as before",
    async () => {
      await using load = new Load(address);
      await load.flows();
      await Promise.all([daemons.stop(0), daemons.stop(1)]);
      await load.fails();
      await Promise.all([daemons.begin(0), daemons.begin(1)]);
      await until("calls working again", () => load.works(), 40);
      const unexpected = (await load.failures()).filter((failure) => !load.isRefusal(failure));
      expectEqual(unexpected, []);
    },
  );

  if (kind.asksReadiness) {
    await check("a daemon without flags gets no calls", async () => {
      await daemons.stop(1);
      await daemons.begin(1, ["-f", `grpc://127.0.0.1:${await freePort()}`]);
      // Two rounds of probes.
      await Bun.sleep(5_000);
      await using load = new Load(address);
      await load.flows();
      await load.flows();
      expectEqual(await load.failures(), []);
    });
  }
}

/** Every sample flag, as the daemon evaluates it. */
async function evaluatesAll(starting: ReturnType<typeof nodeClient>): Promise<void> {
  await using client = await starting;
  const values = client.reports[0] ?? {};
  for (const { flag, value } of expectations)
    expectEqual([flag, values[flag]?.value], [flag, value]);
}
