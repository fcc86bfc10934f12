/** Binding, keepalive and graceful stop of one listener. */
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type ClientHttp2Session, connect } from "node:http2";
import { connect as connectSocket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../../src/core/errors.ts";
import { frameMessage } from "../../src/transport/grpc/envelope.ts";
import { listen } from "../../src/transport/listen.ts";
import type { Listener, ListenerOptions } from "../../src/transport/listener.ts";
import { startEchoServer } from "../support/echo-server.ts";
import { createEchoService, echoOptions, echoPath, eventPath } from "../support/echo-service.ts";
import { converse, frame, frameType, parseFrames, preface } from "../support/raw-client.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { until } from "../support/until.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function start(options: Partial<ListenerOptions> = {}): Promise<Listener> {
  const echo = echoOptions(createEchoService(), true);
  const listener = await listen({ ...echo, log: rememberingLog(), ...options });
  undo.push(() => listener.drain(0));
  return listener;
}

function session(port: number): ClientHttp2Session {
  const client = connect(`http://127.0.0.1:${port}`);
  client.on("error", () => {});
  undo.push(() => client.destroy());
  return client;
}

const grpc = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };
const hello = frameMessage(Buffer.from("\x0a\x03abc"));

/** The gRPC status of a call, -1 if it ended without. */
function status(client: ClientHttp2Session, path = echoPath, body = hello): Promise<number> {
  return new Promise((resolve) => {
    const request = client.request({ ...grpc, ":path": path });
    let code = -1;
    request.on("response", (headers) => {
      code = Number(headers["grpc-status"] ?? code);
    });
    request.on("trailers", (trailers) => {
      code = Number(trailers["grpc-status"]);
    });
    request.on("error", () => {});
    request.on("close", () => resolve(code));
    request.resume();
    request.end(body);
  });
}

describe("binding", () => {
  test("port 0 becomes a real port", async () => {
    const { address } = await start();
    expect("port" in address && address.host).toBe("127.0.0.1");
    expect("port" in address ? address.port : 0).toBeGreaterThan(0);
  });

  test("a busy port is one clear error", async () => {
    const { address } = await start();
    const second = start({ address, name: "evaluation" });
    await expect(second).rejects.toBeInstanceOf(ConfigError);
    await expect(second).rejects.toThrow(
      /^evaluation: cannot listen on 127.0.0.1:\d+: it is in use/,
    );
  });

  test("an address of another machine is one clear error", async () => {
    const second = start({ address: { host: "192.0.2.1", port: 0 } });
    await expect(second).rejects.toThrow(/192.0.2.1:0: this machine has no such address/);
  });
});

describe("a unix socket", () => {
  function socketPath(): string {
    const folder = mkdtempSync(join(tmpdir(), "flagd-socket-"));
    undo.push(() => rmSync(folder, { recursive: true }));
    return join(folder, "flagd.sock");
  }

  const answers = (path: string) =>
    fetch(`http://localhost${echoPath}`, {
      unix: path,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"flagKey":"a"}',
    }).then((response) => response.json());

  test("is served and removed at the end", async () => {
    const path = socketPath();
    const listener = await start({ address: { socketPath: path } });
    expect(listener.address).toEqual({ socketPath: path });
    expect(await answers(path)).toMatchObject({ value: "a" });
    await listener.drain(0);
    expect(existsSync(path)).toBe(false);
  });

  test("serves gRPC", async () => {
    const path = socketPath();
    await start({ address: { socketPath: path } });
    const client = connect("http://localhost", { createConnection: () => connectSocket(path) });
    undo.push(() => client.destroy());
    expect(await status(client)).toBe(0);
  });

  test("that a dead process left behind is replaced", async () => {
    const path = socketPath();
    const child = Bun.spawn(
      [
        process.execPath,
        "-e",
        `Bun.listen({unix: ${JSON.stringify(path)}, socket: {data() {}}}); console.log("up")`,
      ],
      { stdout: "pipe" },
    );
    await child.stdout.getReader().read();
    child.kill("SIGKILL");
    await child.exited;
    expect(existsSync(path)).toBe(true);
    await start({ address: { socketPath: path } });
    expect(await answers(path)).toMatchObject({ value: "a" });
  });

  test("that another process listens on is left alone", async () => {
    const path = socketPath();
    const other = createServer().listen(path);
    undo.push(() => other.close());
    await until("the other listener", () => existsSync(path));
    const second = start({ address: { socketPath: path } });
    await expect(second).rejects.toThrow(/another process is listening/);
    expect(existsSync(path)).toBe(true);
  });

  test("is not put in the place of another file", async () => {
    const path = socketPath();
    writeFileSync(path, "precious");
    await expect(start({ address: { socketPath: path } })).rejects.toThrow(
      /not a socket exists there/,
    );
    expect(existsSync(path)).toBe(true);
  });

  test.each([
    ["in a folder that does not exist", "none/s", "the folder does not exist"],
    ["with too long a path", "s".repeat(120), "at most 107 bytes"],
  ])("%s is refused with the reason", async (_, name, reason) => {
    const path = join(tmpdir(), name);
    const refused = start({ address: { socketPath: path } });
    await expect(refused).rejects.toThrow(`cannot listen on socket ${path}: `);
    await expect(refused).rejects.toThrow(reason);
  });
});

describe("a listener for gRPC only", () => {
  test("serves gRPC and refuses the rest", async () => {
    const server = await startEchoServer({ web: false });
    undo.push(() => server.listener.drain(0));
    expect(await status(session(server.port))).toBe(0);
    const http1 = await converse(server.port, ["GET / HTTP/1.1\r\nHost: a\r\n\r\n"]);
    expect(http1.received).toStartWith("HTTP/1.1 505 HTTP Version Not Supported\r\n");
    expect(http1.received).toContain("gRPC only");
    const connectCall = await new Promise((resolve) => {
      const request = session(server.port).request({
        ":method": "POST",
        ":path": echoPath,
        "content-type": "application/json",
      });
      request.on("response", (headers) => resolve(headers[":status"]));
      request.end("{}");
    });
    expect(connectCall).toBe(415);
  });
});

describe("keepalive", () => {
  async function pinged(minTimeMs: number, options: { pings: number; calls: boolean }) {
    const server = await startEchoServer({ keepAlive: { minTimeMs, permitWithoutStream: true } });
    undo.push(() => server.listener.drain(0));
    const client = session(server.port);
    let goAway: { code: number; debug: string } | undefined;
    let closed = false;
    client.on("goaway", (code, _last, data) => {
      goAway ??= { code, debug: String(data) };
    });
    const end = new Promise<void>((resolve) => client.on("close", resolve));
    void end.then(() => {
      closed = true;
    });
    await status(client);
    for (let n = 0; n < options.pings && !closed; n++) {
      const pong = new Promise((resolve) => client.ping(resolve));
      await Promise.race([pong, end]);
      if (options.calls && !client.destroyed) expect(await status(client)).toBe(0);
    }
    return { server, goAway: () => goAway, closed: () => closed };
  }

  test("a client that pings too often is sent away", async () => {
    const { server, goAway, closed } = await pinged(60_000, { pings: 10, calls: false });
    await until("the connection's end", closed);
    expect(goAway()).toEqual({ code: 11, debug: "too_many_pings" });
    await server.answers();
  });

  test("a client that pings between calls is not", async () => {
    const { goAway, closed } = await pinged(60_000, { pings: 10, calls: true });
    expect([goAway(), closed()]).toEqual([undefined, false]);
  });

  test("a client that pings seldom enough is not", async () => {
    const { goAway, closed } = await pinged(0, { pings: 20, calls: false });
    expect([goAway(), closed()]).toEqual([undefined, false]);
  });
});

describe("drain", () => {
  const path = "/test.Slow/Call";

  test("lets calls in flight finish, takes no new connection, and then ends", async () => {
    const server = await startEchoServer();
    const client = session(server.port);
    const wentAway = new Promise<number>((resolve) => client.on("goaway", resolve));
    const request = client.request({ ...grpc, ":path": echoPath });
    const answered = new Promise<number>((resolve) =>
      request.on("trailers", (trailers) => resolve(Number(trailers["grpc-status"]))),
    );
    request.write(hello.subarray(0, 3));
    await until("the stream", () => request.id !== undefined && client.state.nextStreamID !== 1);
    await status(client);

    const drained = server.listener.drain(5000);
    expect(await wentAway).toBe(0);
    await expect(server.answers()).rejects.toThrow();
    request.resume();
    request.end(hello.subarray(3));
    expect(await answered).toBe(0);
    const start = performance.now();
    await drained;
    expect(performance.now() - start).toBeLessThan(3000);
  });

  test("answers an HTTP/1.1 request in flight and closes its connection", async () => {
    const server = await startEchoServer();
    const head =
      `POST ${echoPath} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n` +
      "Content-Length: 15\r\n\r\n";
    const socket = connectSocket(server.port, "127.0.0.1").setEncoding("latin1");
    let received = "";
    socket.on("data", (text: string) => {
      received += text;
    });
    const closed = new Promise((resolve) => socket.on("close", resolve));
    // Once the first is answered the second has begun.
    socket.write(`${head}{"flagKey":"a"}${head}{"flagKey":`);
    await until("an answer", () => received.includes('"value":"a"'));
    const drained = server.listener.drain(5000);
    socket.write('"b"}');
    await Promise.all([closed, drained]);
    expect(received).toContain('"value":"b"');
    expect(received.toLowerCase()).toContain("connection: close");
  });

  test("closes idle connections soon", async () => {
    const server = await startEchoServer();
    const idle = session(server.port);
    await status(idle);
    const silent = converse(server.port, []);
    const neverAnswersPings = converse(server.port, [
      preface,
      frame(frameType.settings, 0, 0, new Uint8Array(0)),
    ]);
    const keptAlive = converse(server.port, [
      `POST ${echoPath} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n` +
        "Content-Length: 2\r\n\r\n{}",
    ]);
    await Bun.sleep(100);
    const start = performance.now();
    await server.listener.drain(20_000);
    expect(performance.now() - start).toBeLessThan(5000);
    expect((await silent).closed).toBe(true);
    const { received, closed } = await neverAnswersPings;
    expect(closed).toBe(true);
    const goAways = parseFrames(received).filter(({ type }) => type === frameType.goAway);
    expect(goAways.map(({ payload }) => payload.readUInt32BE(0))).toEqual([0x7fff_ffff, 0]);
    expect((await keptAlive).closed).toBe(true);
  });

  test("cuts off what is left after the grace period, and may be called twice", async () => {
    const server = await startEchoServer();
    const client = session(server.port);
    const request = client.request({ ...grpc, ":path": eventPath, "x-hang": "1" });
    request.on("error", () => {});
    const open = new Promise((resolve) => request.on("data", resolve));
    request.end(frameMessage(new Uint8Array(0)));
    await open;
    await Promise.all([server.listener.drain(100), server.listener.drain(100)]);
    await server.service.allStreamsEnded();
    await until("the stream's end", () => request.destroyed);
    expect(await status(session(server.port), path)).toBe(-1);
  });
});
