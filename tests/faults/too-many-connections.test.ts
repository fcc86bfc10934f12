/** More connections to a port than there are file descriptors for. */
import { afterAll, afterEach, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { resolve } from "node:path";
import { makeCertificates } from "../support/certificates.ts";
import { startFlagd } from "../support/flagd.ts";
import { freePort } from "../support/ports.ts";
import { until } from "../support/until.ts";

const made = makeCertificates();
afterAll(() => made.remove());

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const flags = ["-f", `file:${resolve(import.meta.dir, "../../examples/flags.json")}`];
const openFiles = 400;
/** A quarter of what 200 for sources and files leave. */
const allowed = 50;

/** Opens so many and waits until 10 are closed, sooner than for their silence. */
async function open(port: number, count: number): Promise<void> {
  let closed = 0;
  for (let i = 0; i < count; i++) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.on("close", () => closed++);
    sockets.push(socket);
  }
  await until("the end of those beyond the bound", () => closed >= 10, 2);
}

test("they are closed, also with TLS and on a port that only answers probes", async () => {
  const managementPort = await freePort();
  await using flagd = await startFlagd(
    [
      ...[...flags, "-m", `${managementPort}`],
      ...["--server-cert-path", made.server.cert, "--server-key-path", made.server.key],
    ],
    { openFiles, probes: `http://127.0.0.1:${managementPort}` },
  );
  for (const port of [flagd.httpPort, managementPort]) await open(port, allowed + 10);
  const warning = `maxConnections=${allowed}`;
  await until("a warning of each port", () => flagd.log().split(warning).length === 3);
});

test("they are closed if threads share the port: what one may have is divided", async () => {
  await using flagd = await startFlagd([...flags, "--workers", "2"], { openFiles });
  await open(flagd.port, allowed + 10);
  await until("a warning", () => flagd.log().includes("connection limit reached"));
  expect(flagd.log()).toContain(`maxConnections=${allowed / 2}`);
});
