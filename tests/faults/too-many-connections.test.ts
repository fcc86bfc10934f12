/** More connections than there are file descriptors for. */
import { afterAll, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { resolve } from "node:path";
import { makeCertificates } from "../support/certificates.ts";
import { startFlagd } from "../support/flagd.ts";
import { freePort } from "../support/ports.ts";
import { until } from "../support/until.ts";

const made = makeCertificates();
const sockets: Socket[] = [];
afterAll(() => {
  made.remove();
  for (const socket of sockets) socket.destroy();
});

const openFiles = 400;
/** A quarter of what 200 for sources and files leave. */
const allowed = 50;

test("on a port are closed, also with TLS and where only probes are answered", async () => {
  const managementPort = await freePort();
  const flags = resolve(import.meta.dir, "../../examples/flags.json");
  await using flagd = await startFlagd(
    [
      ...["-f", `file:${flags}`, "-m", `${managementPort}`],
      ...["--server-cert-path", made.server.cert, "--server-key-path", made.server.key],
    ],
    { openFiles, probes: `http://127.0.0.1:${managementPort}` },
  );
  for (const port of [flagd.httpPort, managementPort]) {
    let closed = 0;
    for (let i = 0; i < allowed + 10; i++) {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.on("close", () => closed++);
      sockets.push(socket);
    }
    // Sooner than for their silence.
    await until("the end of those beyond the bound", () => closed >= 10, 2);
  }
  const warning = `maxConnections=${allowed}`;
  await until("a warning of each port", () => flagd.log().split(warning).length === 3);
});
