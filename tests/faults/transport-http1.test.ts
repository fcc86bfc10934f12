/** HTTP/1.1 clients that are broken, slow or hostile. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { echoPath, eventPath } from "../support/echo-service.ts";
import { converse } from "../support/raw-client.ts";
import { until } from "../support/until.ts";

let server: EchoServer;
/** Waits for nobody for long. */
let impatient: EchoServer;

beforeAll(async () => {
  server = await startEchoServer();
  impatient = await startEchoServer({}, { headersMs: 300, requestMs: 1000, keepAliveMs: 300 });
});
afterAll(() => Promise.all([server.listener.drain(0), impatient.listener.drain(0)]));

const post = (headers: string, body = "") =>
  `POST ${echoPath} HTTP/1.1\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`;

test.each(["%2Fx", "[::1", "a b", "", "\\\\", "::::", "host:99999999"])(
  "a malformed Host %p is no obstacle",
  async (host) => {
    const { received } = await converse(server.port, [
      post(`Host: ${host}\r\nContent-Length: 2\r\nConnection: close`, "{}"),
    ]);
    expect(received).toMatch(/^HTTP\/1\.1 (200|400) /);
    await server.answers();
  },
);

test.each([
  ["binary rubbish", "\x00\x01\x02\x03\r\n\r\n"],
  ["a field without colon", "GET / HTTP/1.1\r\nHost: a\r\nx\r\n\r\n"],
  ["a negative length", post("Host: a\r\nContent-Length: -1")],
  ["two lengths", post("Host: a\r\nContent-Length: 1\r\nContent-Length: 2", "{}")],
  ["length and chunks", post("Host: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked", "0")],
  ["a broken chunk", post("Host: a\r\nTransfer-Encoding: chunked", "zz\r\n{}\r\n")],
])("%s is refused and the connection closed", async (_what, text) => {
  const { received, closed } = await converse(server.port, [text]);
  expect(received).toMatch(/^(HTTP\/1\.1 400 |$)/);
  expect(closed).toBe(true);
  await server.answers();
});

test("headers over the limit are 431", async () => {
  const fields = `Host: a\r\nX-Long: ${"x".repeat(30_000)}`;
  const { received, closed } = await converse(server.port, [post(fields)]);
  expect(received).toStartWith("HTTP/1.1 431 Request Header Fields Too Large\r\n");
  expect(received).toContain("Connection: close");
  expect(closed).toBe(true);
  await server.answers();
});

test("headers just under the limit are taken", async () => {
  const fields = `Host: a\r\nX-Long: ${"x".repeat(19_000)}\r\nContent-Length: 2`;
  const { received } = await converse(server.port, [post(fields, "{}")], {
    enough: (text) => text.includes("\r\n\r\n"),
  });
  expect(received).toStartWith("HTTP/1.1 200 ");
});

test("a connection that says nothing is closed", async () => {
  const { received, closed, milliseconds } = await converse(impatient.port, []);
  expect([received, closed]).toEqual(["", true]);
  expect(milliseconds).toBeGreaterThan(200);
});

test("headers that never end are given up", async () => {
  const drip = ["POST / HTTP/1.1\r\n", ...Array.from({ length: 200 }, (_, n) => `X-${n}: y\r\n`)];
  const { received, closed, milliseconds } = await converse(impatient.port, drip, { pauseMs: 50 });
  expect([received, closed]).toEqual(["", true]);
  expect(milliseconds).toBeLessThan(5000);
});

test("a second request's headers that never end are given up", async () => {
  const first = post("Host: a\r\nContent-Length: 2", "{}");
  const { closed, milliseconds } = await converse(
    impatient.port,
    [first, ...Array.from("POST / HTTP/1.1\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy")],
    { pauseMs: 50 },
  );
  expect(closed).toBe(true);
  expect(milliseconds).toBeLessThan(5000);
});

test("a body that never comes is 504 and the connection closed", async () => {
  const { received, closed } = await converse(impatient.port, [
    post("Host: a\r\nContent-Length: 500", '{"flagKey":'),
  ]);
  expect(received).toStartWith("HTTP/1.1 504 ");
  expect(received).toContain('"code":"deadline_exceeded"');
  expect(closed).toBe(true);
});

test("a body over the limit without a length is 429 and the connection closed", async () => {
  const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;
  const { received, closed } = await converse(server.port, [
    post("Host: a\r\nTransfer-Encoding: chunked"),
    ...Array.from({ length: 20 }, () => chunk),
  ]);
  expect(received).toStartWith("HTTP/1.1 429 ");
  expect(closed).toBe(true);
  await server.answers();
});

test("an idle connection is closed after its keep-alive time", async () => {
  const { received, closed, milliseconds } = await converse(impatient.port, [
    post("Host: a\r\nContent-Length: 2", "{}"),
  ]);
  expect(received).toStartWith("HTTP/1.1 200 ");
  expect(closed).toBe(true);
  expect(milliseconds).toBeGreaterThan(200);
});

test.each([
  ["a preflight", `OPTIONS ${echoPath}`, "Origin: http://a\r\nAccess-Control-Request-Method: POST"],
  ["a refused method", `GET ${echoPath}`, "X: y"],
  ["an unknown path", "GET /nowhere", "X: y"],
])("%s leaves the connection open for the next request", async (_what, line, fields) => {
  const refused = `${line} HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`;
  const { received } = await converse(
    server.port,
    [refused, post("Host: a\r\nContent-Length: 15", '{"flagKey":"b"}')],
    { enough: (text) => text.includes('"value":"b"') },
  );
  expect(received).toContain('"value":"b"');
});

test("pipelined requests are answered in order", async () => {
  const requests = Array.from({ length: 20 }, (_, n) => {
    const body = `{"flagKey":"key-${n}"}`;
    return post(`Host: a\r\nContent-Length: ${body.length}`, body);
  });
  const values = (received: string) =>
    [...received.matchAll(/"value":"(key-\d+)"/g)].map((match) => match[1]);
  const { received } = await converse(server.port, [requests.join("")], {
    enough: (received) => values(received).length === 20,
  });
  expect(values(received)).toEqual(Array.from({ length: 20 }, (_, n) => `key-${n}`));
});

test("a stream outlives every timeout, and its end is noticed when the client vanishes", async () => {
  const envelope = "\x00\x00\x00\x00\x02{}";
  const { received, closed } = await converse(
    impatient.port,
    [
      `POST ${eventPath} HTTP/1.1\r\nHost: a\r\nContent-Type: application/connect+json\r\n` +
        `X-Hang: 1\r\nContent-Length: ${envelope.length}\r\n\r\n${envelope}`,
    ],
    { waitMs: 1500 },
  );
  expect(received).toContain('{"type":"event 0"');
  expect(closed).toBe(false);
  await impatient.service.allStreamsEnded();
});

test("two hundred clients that vanish in mid-request leave nothing behind", async () => {
  const half = post("Host: a\r\nContent-Length: 500", '{"flagKey":');
  await Promise.all(
    Array.from({ length: 200 }, () => converse(server.port, [half], { waitMs: 20 })),
  );
  await until("an answer", () => server.answers().then(() => true));
});

test("an upgrade to h2c is not taken up, the request is answered", async () => {
  const upgrade =
    "Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n" +
    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nContent-Length: 2";
  const { received } = await converse(server.port, [post(upgrade, "{}")], {
    enough: (text) => text.includes("\r\n\r\n"),
  });
  expect(received).toStartWith("HTTP/1.1 200 ");
});
