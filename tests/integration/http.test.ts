import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { ConfigError } from "../../src/core/errors.ts";
import { createOfrep } from "../../src/services/ofrep/ofrep-service.ts";
import { type HttpOptions, serveHttp } from "../../src/transport/http.ts";
import type { HttpHandler, HttpReply } from "../../src/transport/http-handler.ts";
import type { Timeouts } from "../../src/transport/limits.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { fixedContext } from "../support/fixed-context.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { until } from "../support/until.ts";
import { FakeStore, staticFlag, viewOf } from "../unit/services/fixtures.ts";

const FLAGS = "/ofrep/v1/evaluate/flags";

async function serve(options: Partial<HttpOptions> = {}, timeouts: Partial<Timeouts> = {}) {
  const server = await serveHttp(
    {
      name: "OFREP",
      address: { port: 0, host: "127.0.0.1" },
      handlers: [],
      maxRequestHeader: 1_000_000,
      log: rememberingLog(),
      ...options,
    },
    timeouts,
  );
  return { ...server, url: `http://127.0.0.1:${server.port}` };
}

const ofrepParts = (maxRequestBody = 1_000_000, bodyTimeoutMs = 200) =>
  createOfrep({
    store: new FakeStore(viewOf([staticFlag("b", true)])),
    context: fixedContext({}),
    contextFromHeader: new Map(),
    corsOrigins: [],
    maxRequestBody,
    bodyTimeoutMs,
    record: () => {},
  });
const ofrep = (maxRequestBody?: number) => ofrepParts(maxRequestBody).handler;

const ok = (body: string): HttpReply => ({ status: 200, headers: [], body });

/** Writes bytes as they stand; gives what comes back until the server closes the connection. */
function exchange(port: number, ...pieces: string[]): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1");
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
    for (const piece of pieces) socket.write(piece);
  });
}

describe("an HTTP listener", () => {
  test("asks its handlers in turn", async () => {
    const health: HttpHandler = ({ target }) => (target === "/healthz" ? ok("well") : undefined);
    const server = await serve({ handlers: [health, ofrep()] });
    expect(await (await fetch(`${server.url}/healthz`)).text()).toBe("well");
    const flag = await fetch(`${server.url}${FLAGS}/b`, { method: "POST" });
    expect(await flag.json()).toMatchObject({ value: true });
    const neither = await fetch(`${server.url}/else`);
    expect(neither.status).toBe(404);
    expect(await neither.text()).toBe("404 page not found\n");
    await server.stop(0);
  });

  test("answers 500 and logs if a handler throws, now or later", async () => {
    const log = rememberingLog();
    const server = await serve({
      log,
      handlers: [
        ({ method }) => {
          if (method === "GET") throw new Error("at once");
          return Promise.reject(new Error("later"));
        },
      ],
    });
    for (const method of ["GET", "POST"]) {
      const response = await fetch(server.url, { method });
      expect(response.status).toBe(500);
      expect(await response.json()).toEqual({
        errorCode: "GENERAL",
        errorDetails: "internal error",
      });
    }
    expect(log.entries).toMatchObject([
      { level: "error", fields: { error: "Error: at once" } },
      { level: "error", fields: { error: "Error: later" } },
    ]);
    await server.stop(0);
  });

  test("says which port is taken", async () => {
    const server = await serve();
    const again = serve({ address: server.address });
    await expect(again).rejects.toThrow(ConfigError);
    await expect(again).rejects.toThrow(
      `OFREP: cannot listen on 127.0.0.1:${server.port}: it is in use`,
    );
    await server.stop(0);
  });

  test("answers what is in flight before it stops, and waits no longer than the grace", async () => {
    const { promise, resolve } = Promise.withResolvers<HttpReply>();
    const never = new Promise<HttpReply>(() => {});
    let open = 0;
    const server = await serve({
      handlers: [
        ({ target }) => {
          open++;
          return target === "/never" ? never : promise;
        },
      ],
    });
    const answered = fetch(server.url).then((response) => response.text());
    const dropped = fetch(`${server.url}/never`).then(
      () => "answered",
      () => "dropped",
    );
    await until("two requests in flight", () => open === 2);
    const stopped = server.stop(1_000);
    resolve(ok("done"));
    expect(await answered).toBe("done");
    await stopped;
    expect(await dropped).toBe("dropped");
    expect(await exchange(server.port, "GET / HTTP/1.1\r\n\r\n")).toBe("");
  });

  test("does not wait for connections on which nothing is asked", async () => {
    const server = await serve({ handlers: [() => ok("hello")] });
    const idle = new Promise<string>((resolve) => {
      const socket = connect(server.port, "127.0.0.1", () => {
        socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      });
      socket.once("data", (chunk) => resolve(String(chunk)));
    });
    expect(await idle).toEndWith("hello");
    const started = performance.now();
    await server.stop(20_000);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe("OFREP over HTTP", () => {
  test.each(["%2Fx", "", "a b", "[::1"])("takes the Host %j", async (host) => {
    const server = await serve({ handlers: [ofrep()] });
    const request = `POST ${FLAGS}/b HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
    const answer = await exchange(server.port, request);
    expect(answer).toStartWith("HTTP/1.1 200 ");
    expect(await (await fetch(`${server.url}${FLAGS}/b`, { method: "POST" })).json()).toBeObject();
    await server.stop(0);
  });

  const post = `POST ${FLAGS}/b HTTP/1.1\r\nHost: x\r\n`;
  const chunked = `${post}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;

  test("reads a body in pieces", async () => {
    const server = await serve({ handlers: [ofrep()] });
    expect(await exchange(server.port, `${chunked}2\r\n{}\r\n0\r\n\r\n`)).toContain('"value":true');
    await server.stop(0);
  });

  test.each([
    ["of announced length", `${post}Content-Length: 1000000000\r\n\r\n{`],
    ["in pieces", `${chunked}100\r\n${"x".repeat(256)}\r\n`],
  ])("refuses an oversize body %s before it has arrived", async (_, request) => {
    const server = await serve({ handlers: [ofrep(100)] });
    const answer = await exchange(server.port, request);
    expect(answer).toStartWith("HTTP/1.1 413 ");
    expect(answer).toEndWith('{"errorDetails":"request body too large"}');
    await server.stop(0);
  });

  test("gives up a body that does not arrive", async () => {
    const server = await serve({ handlers: [ofrep()] });
    const answer = await exchange(server.port, `${post}Content-Length: 10\r\n\r\n{`);
    expect(answer).toStartWith("HTTP/1.1 400 ");
    expect(answer).toContain("INVALID_CONTEXT");
    await server.stop(0);
  });

  test("answers a body that is late, whenever its request began", async () => {
    const server = await serve({ handlers: [ofrepParts(100, 5_000).handler] });
    const answers = [0, 1_000, 2_000, 3_000].map(async (ms) => {
      await Bun.sleep(ms);
      return await exchange(server.port, `${chunked}2\r\n{`);
    });
    for (const answer of await Promise.all(answers)) expect(answer).toStartWith("HTTP/1.1 400 ");
    await server.stop(0);
  }, 30_000);

  test("refuses headers over the limit", async () => {
    const server = await serve({ handlers: [ofrep()], maxRequestHeader: 20_000 });
    const filled = (size: number) =>
      exchange(
        server.port,
        `${post}Connection: close\r\nContent-Length: 0\r\nX: ${"x".repeat(size)}\r\n\r\n`,
      );
    expect(await filled(30_000)).toStartWith("HTTP/1.1 431 ");
    expect(await filled(20_000)).toStartWith("HTTP/1.1 200 ");
    await server.stop(0);
  });

  test("survives what is no HTTP", async () => {
    const server = await serve({ handlers: [ofrep()] });
    const noise = Array.from(crypto.getRandomValues(new Uint8Array(500)), (byte) =>
      String.fromCharCode(byte),
    ).join("");
    await exchange(server.port, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    await exchange(server.port, `${noise}\r\n\r\n`);
    expect((await fetch(`${server.url}${FLAGS}/b`, { method: "POST" })).status).toBe(200);
    await server.stop(0);
  });
});

describe("TLS", () => {
  let made: Certificates;
  beforeAll(() => {
    made = makeCertificates();
  });
  afterAll(() => made.remove());

  function presented(port: number, alpn: string[] = []): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connectTls(
        { port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: alpn },
        () => {
          resolve(socket.getPeerCertificate().fingerprint256);
          socket.destroy();
        },
      );
      socket.on("error", reject);
    });
  }

  test("names the file that is no certificate", async () => {
    const tls = { certPath: made.server.key, keyPath: made.server.key };
    await expect(serve({ tls })).rejects.toThrow(ConfigError);
    await expect(serve({ tls })).rejects.toThrow(made.server.key);
  });

  test("serves clients that verify, also such as would rather speak HTTP/2", async () => {
    const tls = { certPath: made.server.cert, keyPath: made.server.key };
    const { handler, fastPath } = ofrepParts();
    const server = await serve({ tls, fastPath, handlers: [handler] });
    const ca = await Bun.file(made.ca.cert).text();
    for (const headers of [{}, { "transfer-encoding": "chunked" }]) {
      const response = await fetch(`https://localhost:${server.port}${FLAGS}/b`, {
        method: "POST",
        headers,
        body: "{}",
        tls: { ca },
      });
      expect(await response.json()).toMatchObject({ value: true });
    }
    expect(await presented(server.port, ["h2", "http/1.1"])).toBeString();
    await server.stop(0);
  });

  test("takes up certificates that were replaced, on the same port", async () => {
    const certPath = join(made.folder, "current.crt");
    const keyPath = join(made.folder, "current.key");
    const use = ({ cert, key }: { cert: string; key: string }) => {
      copyFileSync(cert, certPath);
      copyFileSync(key, keyPath);
    };
    use(made.server);
    const server = await serve(
      { tls: { certPath, keyPath }, handlers: [ofrep()] },
      { certificateCheckMs: 20 },
    );
    const before = await presented(server.port);
    use(made.foreign);
    await until("the new certificate", async () => (await presented(server.port)) !== before);
    await server.stop(0);
  });
});
