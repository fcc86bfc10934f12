/** HTTP/2 connections of which a stream is not read, or that do not come to the point. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { frameMessage } from "../../src/transport/grpc/envelope.ts";
import { cancelledCalls } from "../../src/transport/limits.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { echoPath, eventPath } from "../support/echo-service.ts";
import { numberFrame } from "../support/http2-peer.ts";
import { frame, frameType, grpcHeaders, preface } from "../support/raw-client.ts";
import { RawSession } from "../support/raw-session.ts";
import { until } from "../support/until.ts";

const initialWindow = 65_535;
const empty = frameMessage(new Uint8Array(0));
const request = frameMessage(Buffer.from("\x0a\x03abc"));

let folder: string;
let certificates: Certificates;
let tcp: EchoServer;
let tls: EchoServer;
let unix: EchoServer;
/** Waits for nobody for long. */
let impatient: EchoServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "flagd-stalled-"));
  certificates = makeCertificates();
  const { cert, key } = certificates.server;
  tcp = await startEchoServer();
  tls = await startEchoServer({ tls: { certPath: cert, keyPath: key } });
  unix = await startEchoServer({ address: { socketPath: join(folder, "socket") } });
  impatient = await startEchoServer({}, { headersMs: 500, requestMs: 500 });
});
afterAll(async () => {
  for (const server of [tcp, tls, unix, impatient]) await server?.listener.drain(0);
  certificates?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const sockets: Record<string, () => Duplex> = {
  TCP: () => connect(tcp.port, "127.0.0.1"),
  TLS: () => {
    const ca = readFileSync(certificates.ca.cert);
    return connectTls({ port: tls.port, host: "localhost", ca, ALPNProtocols: ["h2"] });
  },
  "a unix socket": () => connect(join(folder, "socket")),
};

describe.each(Object.keys(sockets))("over %s", (name) => {
  const open = () => new RawSession(sockets[name]?.() as Duplex);

  test("a stream that is not read delays neither calls nor other streams of its connection", async () => {
    using session = open();
    const events = { "x-events": "200", "x-size": "10000", "x-hang": "1" };
    session.call(1, eventPath, empty, events);
    await session.received(1, initialWindow);

    session.call(3, echoPath, request);
    await session.answered(3);
    expect(session.data(3).toString()).toContain("abc");

    session.call(7, eventPath, empty, events);
    session.widen(7, 10_000_000);
    await session.received(7, 2_000_000);
    expect(session.data(1).length).toBe(initialWindow);

    session.widen(1, 10_000_000);
    await session.received(1, 2_000_000);
    const text = session.data(1).toString("latin1");
    const order = [...text.matchAll(/event (\d+)\./g)].map(([, n]) => Number(n));
    expect(order).toEqual(Array.from({ length: 200 }, (_, n) => n));
    expect(session.data(7).equals(session.data(1))).toBe(true);
  });

  test("two hundred streams that are not read delay no call", async () => {
    using session = open();
    for (let id = 1; id < 400; id += 2) {
      session.call(id, eventPath, empty, { "x-size": "100000", "x-hang": "1" });
    }
    await session.received(399, initialWindow);
    session.call(401, echoPath, request);
    await session.answered(401);
  });
});

describe("what does not come to an end", () => {
  test.each<[string, Buffer]>([
    ["a frame", frame(frameType.data, 0, 1, Buffer.alloc(1000)).subarray(0, 100)],
    ["the header of a frame", frame(frameType.data, 0, 1).subarray(0, 5)],
    ["a header block", frame(frameType.headers, 0, 3, grpcHeaders(echoPath).subarray(0, 9))],
  ])("%s, ends its connection", async (_what, begun) => {
    using session = new RawSession(connect(impatient.port, "127.0.0.1"));
    session.send(frame(frameType.headers, 4, 1, grpcHeaders(eventPath)), begun);
    await until("the end of the connection", () => session.closed);
    expect(session.code(0)).toBe(11);
  });

  test("a client that asks without reading is not listened to any more", async () => {
    const socket = connect(tcp.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.pause();
    // Refusals need no window.
    const headers = grpcHeaders(echoPath, { "grpc-timeout": "soon" });
    let id = -1;
    const calls = () =>
      Buffer.concat(
        Array.from({ length: 10_000 }, () => {
          id += 2;
          return frame(frameType.headers, 5, id, headers);
        }),
      );
    socket.write(Buffer.concat([preface, frame(frameType.settings, 0, 0)]));
    // The system buffers some of it on the way.
    let writes = 0;
    let waits = 0;
    while (writes < 200 && waits < 20) {
      if (socket.writableLength === 0) {
        socket.write(calls());
        writes++;
        waits = 0;
      } else {
        await Bun.sleep(50);
        waits++;
      }
    }
    expect(waits).toBe(20);
    socket.destroy();
    await tcp.answers();
  }, 60_000);

  test.each(["application/grpc", "application/grpc+json", "application/json"])(
    "streams of %s that are reset at once leave room for others, and too many end the connection",
    async (type) => {
      using session = new RawSession(connect(tcp.port, "127.0.0.1"));
      const headers = grpcHeaders(eventPath, { "content-type": type, "x-hang": "1" });
      let next = 1;
      const cancel = (count: number) => {
        const ids = Array.from({ length: count }, (_, n) => next + 2 * n);
        next += 2 * count;
        session.send(
          ...ids.flatMap((id) => [
            frame(frameType.headers, 4, id, headers),
            frame(frameType.data, 1, id, type.endsWith("json") ? Buffer.from("{}") : empty),
            numberFrame(frameType.reset, id, 8),
          ]),
        );
      };
      cancel(cancelledCalls.burst / 2);
      // What they leave is cleared away in a moment, and until then others may be refused.
      const calls: number[] = [];
      await until("an answer", () => {
        const id = next;
        next += 2;
        calls.push(id);
        session.call(id, echoPath, request);
        return calls.some((id) => session.ended(id));
      });
      expect(session.closed).toBe(false);
      cancel(2 * cancelledCalls.burst);
      await until("the end of the connection", () => session.closed);
      expect(session.code(0)).toBe(11);
      await tcp.service.allStreamsEnded();
    },
  );
});
