import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer } from "node:tls";
import { Acceptor } from "../../src/transport/acceptor.ts";
import { bind } from "../../src/transport/bind.ts";
import { defaultTimeouts } from "../../src/transport/limits.ts";
import { makeCertificates } from "../support/certificates.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { until } from "../support/until.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

/** An acceptor that does nothing with connections. */
async function start(maxConnections: number) {
  const log = rememberingLog();
  let now = 0;
  const timers: { readonly at: number; readonly run: () => void }[] = [];
  const clock = {
    now: () => now,
    after: (ms: number, run: () => void) => timers.push({ at: now + ms, run }),
  };
  /** Timers whose time has come by then are over. */
  const passTo = (time: number) => {
    now = time;
    for (const timer of timers.splice(0)) {
      if (timer.at <= now) timer.run();
      else timers.push(timer);
    }
  };
  const keep = () => {};
  const acceptor = new Acceptor(
    { tls: undefined, timeouts: defaultTimeouts, maxConnections, log, clock },
    { http1: keep, http2: keep },
  );
  const address = await bind(acceptor.server, { host: "127.0.0.1", port: 0 }, "test");
  undo.push(() => {
    acceptor.stop();
    acceptor.destroyAll();
  });
  const port = "port" in address ? address.port : 0;
  /** A new connection; undefined: it was closed. */
  const open = async (): Promise<Socket | undefined> => {
    const socket = connect(port, "127.0.0.1").setEncoding("latin1");
    socket.on("error", () => {});
    const closed = new Promise<undefined>((resolve) =>
      socket.once("close", () => resolve(undefined)),
    );
    undo.push(() => socket.destroy());
    return await Promise.race([closed, Bun.sleep(100).then(() => socket)]);
  };
  const said = () => log.entries.map(({ message, fields }) => [message, fields]);
  return { passTo, open, said };
}

test("connections beyond the bound are closed, which is said once a minute with their number", async () => {
  const { passTo, open, said } = await start(2);
  const first = await open();
  expect([first, await open()]).not.toContain(undefined);
  passTo(1_000);
  expect(said()).toEqual([]);

  expect(await Promise.all([open(), open()])).toEqual([undefined, undefined]);
  passTo(2_000);
  const message = "connection limit reached, closing new connections";
  expect(said()).toEqual([[message, { maxConnections: 2, closed: 2 }]]);

  // There is room, and again none.
  first?.destroy();
  await until("room", async () => (await open()) !== undefined);
  expect(await open()).toBeUndefined();
  passTo(61_000);
  expect(said()).toHaveLength(1);
  passTo(62_000);
  expect(said()[1]).toEqual([message, { maxConnections: 2, closed: expect.any(Number) }]);
  passTo(200_000);
  expect(said()).toHaveLength(2);
});

test("BUN 1.4.5: a TLS handshake that takes too long is only reported; if this fails, the acceptor need not end it any more", async () => {
  const certificates = makeCertificates();
  undo.push(() => certificates.remove());
  const { cert, key } = certificates.server;
  const server = createServer({
    cert: readFileSync(cert),
    key: readFileSync(key),
    handshakeTimeout: 50,
  });
  const reported = new Promise<Socket>((resolve) =>
    server.once("tlsClientError", (_: Error, socket: Socket) => resolve(socket)),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  undo.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const client = connect(port, "127.0.0.1");
  undo.push(() => client.destroy());
  const socket = await reported;
  undo.push(() => socket.destroy());
  await new Promise(setImmediate);
  expect(socket.destroyed).toBe(false);
});
