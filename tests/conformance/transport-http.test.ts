/** What the evaluation port answers at the level of HTTP, to anything that may be sent to it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type IncomingMessage, request } from "node:http";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import type { CallRecord } from "../../src/core/calls.ts";
import { frameMessage } from "../../src/transport/grpc/envelope.ts";
import { listen } from "../../src/transport/listen.ts";
import type { Listener } from "../../src/transport/listener.ts";
import { createEchoService, echoOptions, echoPath, eventPath } from "../support/echo-service.ts";
import { rememberingLog } from "../support/remembering-log.ts";

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly trailers: Record<string, string>;
  readonly body: string;
}

type Send = (
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string | Uint8Array,
) => Promise<Answer>;

const calls: CallRecord[] = [];
let listener: Listener;
let origin: string;

beforeAll(async () => {
  const service = createEchoService();
  listener = await listen({
    ...echoOptions(service, true),
    maxRequestBody: 1000,
    log: rememberingLog(),
    onCall: (call) => calls.push(call),
  });
  if (!("port" in listener.address)) throw new Error("no port");
  origin = `http://127.0.0.1:${listener.address.port}`;
});
afterAll(() => listener.drain(0));

const overHttp1: Send = (method, path, headers, body) =>
  new Promise((resolve, reject) => {
    const outgoing = request(origin + path, { method, headers, agent: false }, async (response) => {
      const received = await text(response);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers as Record<string, string>,
        trailers: response.trailers as Record<string, string>,
        body: received,
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });

const overHttp2: Send = (method, path, headers, body) =>
  new Promise((resolve, reject) => {
    const session = connect(origin);
    session.on("error", reject);
    const request = session.request({ ":method": method, ":path": path, ...headers });
    let received: IncomingHttpHeaders = {};
    let trailers: Record<string, string> = {};
    let text = "";
    request.on("trailers", (fields) => {
      trailers = { ...(fields as Record<string, string>) };
    });
    request.setEncoding("utf8");
    request.on("response", (fields) => {
      received = fields;
    });
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("error", reject);
    request.on("close", () => {
      session.close();
      const { ":status": status, ...fields } = received;
      resolve({
        status: Number(status),
        headers: fields as Record<string, string>,
        trailers,
        body: text,
      });
    });
    request.end(body);
  });

const json = { "content-type": "application/json" };

describe.each([
  ["HTTP/1.1", overHttp1],
  ["HTTP/2", overHttp2],
])("over %s", (version, send) => {
  test("a Connect call is answered in JSON with its length", async () => {
    const answer = await send("POST", echoPath, json, '{"flag_key":"a","unknown":1}');
    expect(answer).toMatchObject({
      status: 200,
      headers: { "content-type": "application/json", vary: "Origin" },
      body: '{"value":"a","reason":"STATIC","variant":"echo","metadata":{"length":1}}',
    });
    expect(answer.headers["content-length"]).toBe(String(answer.body.length));
  });

  test("a method whose name is percent-encoded is the same method", async () => {
    const path = echoPath.replace("Resolve", "%52esolve");
    const answer = await send("POST", path, json, '{"flagKey":"a"}');
    expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('"value":"a"')]);
    expect((await send("POST", `${echoPath}%zz`, json, "{}")).status).toBe(404);
  });

  test.each(["GET", "PUT", "OPTIONS", "DELETE"])("%s is 405 with Allow", async (method) => {
    const answer = await send(method, echoPath, {});
    expect(answer).toMatchObject({ status: 405, headers: { allow: "POST" }, body: "" });
  });

  test("Connect's GET form is 405: no method is declared free of side effects", async () => {
    const query = "?connect=v1&encoding=json&message=%7B%7D";
    expect((await send("GET", echoPath + query, {})).status).toBe(405);
  });

  test.each([{ "content-type": "text/plain" }, { "content-type": "application/grpc-web-text" }])(
    "%p is 415 and names what is accepted",
    async (headers) => {
      const answer = await send("POST", echoPath, headers, "{}");
      expect(answer.status).toBe(415);
      expect(answer.body).toBe("");
      expect(answer.headers["accept-post"]).toBe(
        "application/grpc, application/grpc+json, application/grpc+json; charset=utf-8, " +
          "application/grpc+proto, application/grpc-web, application/grpc-web+json, " +
          "application/grpc-web+json; charset=utf-8, application/grpc-web+proto, " +
          "application/json, application/json; charset=utf-8, application/proto",
      );
    },
  );

  test("a stream with the content type of a unary call is 415", async () => {
    const answer = await send("POST", eventPath, json, "{}");
    expect(answer.status).toBe(415);
    expect(answer.headers["accept-post"]).toContain("application/connect+json");
    expect(answer.headers["accept-post"]).not.toContain("application/json");
  });

  test.each(["/", "/healthz", `${echoPath}x`, "/flagd.evaluation.v1.Service", "//", "/%"])(
    "%s is 404 in plain text",
    async (path) => {
      const answer = await send("POST", path, json, "{}");
      expect(answer).toMatchObject({
        status: 404,
        headers: {
          "content-type": "text/plain; charset=utf-8",
          "x-content-type-options": "nosniff",
        },
        body: "404 page not found\n",
      });
    },
  );

  test.each([
    ["/other.Service/Method", "unknown service other.Service"],
    [
      "/flagd.evaluation.v1.Service/Method",
      "unknown method Method for service flagd.evaluation.v1.Service",
    ],
  ])("gRPC to %s is UNIMPLEMENTED", async (path, message) => {
    const status = { "grpc-status": "12", "grpc-message": message };
    for (const type of ["application/grpc", "application/grpc+proto"]) {
      const headers = { "content-type": type, te: "trailers" };
      const answer = await send("POST", path, headers, "");
      expect(answer).toMatchObject({ status: 200, headers: { "content-type": type } });
      const [here, there] =
        version === "HTTP/2"
          ? [answer.trailers, answer.headers]
          : [answer.headers, answer.trailers];
      expect(here).toMatchObject(status);
      expect(there).not.toContainKey("grpc-status");
    }
    const type = "application/grpc-web+proto";
    expect(await send("POST", path, { "content-type": type }, "")).toMatchObject({
      status: 200,
      headers: { "content-type": type, ...status },
    });
  });

  test("another version of the Connect protocol is refused", async () => {
    const answer = await send("POST", echoPath, { ...json, "connect-protocol-version": "2" }, "{}");
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toEqual({
      code: "invalid_argument",
      message: 'Connect-Protocol-Version must be "1": got "2"',
    });
  });

  test("a malformed timeout is refused", async () => {
    const answer = await send("POST", echoPath, { ...json, "connect-timeout-ms": "soon" }, "{}");
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, "invalid_argument"]);
  });

  test("a call whose deadline has passed is 504", async () => {
    const answer = await send("POST", echoPath, { ...json, "connect-timeout-ms": "0" }, "{}");
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([504, "deadline_exceeded"]);
    const late = { "content-type": "application/grpc-web+json", "grpc-timeout": "0n" };
    const body = Buffer.from([0, 0, 0, 0, 2, ...Buffer.from("{}")]);
    expect((await send("POST", echoPath, late, body)).headers["grpc-status"]).toBe("4");
  });

  test("an unknown compression is 501 and names gzip", async () => {
    const answer = await send("POST", echoPath, { ...json, "content-encoding": "br" }, "{}");
    expect(answer.status).toBe(501);
    expect(JSON.parse(answer.body)).toEqual({
      code: "unimplemented",
      message: 'unknown compression "br": supported encodings are gzip',
    });
  });

  test("a body of exactly the limit is taken, one byte more is 429", async () => {
    const body = (length: number) => `{"flagKey":"${"x".repeat(length - 14)}"}`;
    expect((await send("POST", echoPath, json, body(1000))).status).toBe(200);
    const answer = await send("POST", echoPath, json, body(1001));
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([429, "resource_exhausted"]);
  });

  test("who sends too much is told the limit", async () => {
    const { body } = await send("POST", echoPath, json, JSON.stringify("x".repeat(2000)));
    expect(JSON.parse(body).message).toMatch(/ 1000( bytes)?$/);
  });

  test("what a body decompresses to counts", async () => {
    const body = gzipSync(`{"flagKey":"${"x".repeat(50_000)}"}`);
    const answer = await send("POST", echoPath, { ...json, "content-encoding": "gzip" }, body);
    expect(body.length).toBeLessThan(1000);
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([429, "resource_exhausted"]);
  });

  test("a preflight is answered", async () => {
    const answer = await send("OPTIONS", echoPath, {
      origin: "http://a.test",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    });
    expect(answer).toMatchObject({
      status: 204,
      headers: {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
      },
      body: "",
    });
  });

  test("answers and refusals alike are readable from other origins", async () => {
    for (const path of [echoPath, "/nowhere"]) {
      const answer = await send("POST", path, { ...json, origin: "http://a.test" }, "{}");
      expect(answer.headers["access-control-allow-origin"]).toBe("*");
      expect(answer.headers["access-control-expose-headers"]).toContain("Grpc-Status");
    }
  });

  test("every call is reported with protocol, status and code", async () => {
    calls.length = 0;
    await send("POST", echoPath, json, '{"flagKey":"a"}');
    await send("POST", echoPath, json, '{"flagKey":"missing"}');
    await send("POST", echoPath, json, '{"flagKey":"detailed"}');
    await send("POST", echoPath, json, '{"flagKey":"broken"}');
    await send("POST", echoPath, json, "no JSON");
    await send("POST", "/nowhere/secret", json, "{}");
    const grpcWeb = { "content-type": "application/grpc-web+proto" };
    await send("POST", echoPath, grpcWeb, new Uint8Array(5));
    expect(
      calls.map(({ path, protocol, httpStatus, code }) => [path, protocol, httpStatus, code]),
    ).toEqual([
      [echoPath, "connect_rpc", 200, 0],
      [echoPath, "connect_rpc", 404, 5],
      [echoPath, "connect_rpc", 500, 15],
      [echoPath, "connect_rpc", 500, 13],
      [echoPath, "connect_rpc", 400, 3],
      ["", "http", 404, undefined],
      [echoPath, "grpc_web", 200, 0],
    ]);
    for (const call of calls) expect(call.milliseconds).toBeGreaterThanOrEqual(0);
  });
});

test("calls by the fast path are reported, too", async () => {
  calls.length = 0;
  const grpc = { "content-type": "application/grpc", te: "trailers" };
  await overHttp2("POST", echoPath, grpc, Buffer.from([0, 0, 0, 0, 3, 10, 1, 97]));
  await overHttp2(
    "POST",
    echoPath,
    grpc,
    Buffer.from([0, 0, 0, 0, 9, 10, 7, ...Buffer.from("missing")]),
  );
  await overHttp2("POST", eventPath, grpc, new Uint8Array(5));
  expect(calls).toMatchObject([
    { path: echoPath, protocol: "grpc", httpStatus: 200, code: 0, requestBytes: 3 },
    { path: echoPath, protocol: "grpc", httpStatus: 200, code: 5 },
    { path: eventPath, protocol: "grpc", httpStatus: 200, code: 0 },
  ]);
  expect(calls[0]?.responseBytes).toBeGreaterThan(0);
  expect(calls[2]?.responseBytes).toBeGreaterThan(0);
});

const streamProtocols: [string, Record<string, string> & { "content-type": string }][] = [
  ["gRPC, fast path", { "content-type": "application/grpc", te: "trailers" }],
  ["gRPC with JSON", { "content-type": "application/grpc+json", te: "trailers" }],
  ["gRPC-web", { "content-type": "application/grpc-web+proto" }],
  ["Connect", { "content-type": "application/connect+json" }],
];
const emptyMessage = (headers: { readonly "content-type": string }) => {
  const empty = headers["content-type"].endsWith("json") ? "{}" : "";
  return { empty, body: Buffer.from([0, 0, 0, 0, empty.length, ...Buffer.from(empty)]) };
};
const threeEvents = { "x-events": "3" };
test.each(streamProtocols)(
  "%s: the messages of a stream are counted, without its end",
  async (_name, headers) => {
    calls.length = 0;
    const { empty, body } = emptyMessage(headers);
    await overHttp2("POST", eventPath, { ...headers, ...threeEvents }, body);
    expect(calls).toMatchObject([
      { path: eventPath, stream: true, responses: 3, requestBytes: empty.length },
    ]);
  },
);

test.each(streamProtocols)(
  "%s: a stream that fails is reported with its code",
  async (_name, headers) => {
    calls.length = 0;
    const { body } = emptyMessage(headers);
    await overHttp2("POST", eventPath, { ...headers, "x-refuse": "1" }, body);
    await overHttp2("POST", eventPath, { ...headers, "x-fail": "1" }, body);
    expect(calls.map(({ code }) => code)).toEqual([3, 14]);
  },
);

test("a request whose target has scheme and authority is for its path", async () => {
  const target = `${origin.toUpperCase()}${echoPath}?a=b`;
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
  request(origin, { method: "POST", path: target, headers: json }, resolve).end('{"flagKey":"k"}');
  const response = await promise;
  expect(response.statusCode).toBe(200);
  expect(JSON.parse(await text(response))).toMatchObject({ value: "k" });
});

test.each([
  ["answer", "large", 100_000, "0"],
  ["error", "missing", 0, "5"],
])("gRPC works over HTTP/1.1, the status of an %s in the trailers", async (_, key, least, code) => {
  const message = Buffer.from([10, key.length, ...Buffer.from(key)]);
  const headers = { "content-type": "application/grpc", te: "trailers" };
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
  request(origin + echoPath, { method: "POST", headers }, resolve).end(frameMessage(message));
  const response = await promise;
  let length = 0;
  for await (const chunk of response) length += chunk.length;
  expect(response.statusCode).toBe(200);
  expect(length).toBeGreaterThanOrEqual(least);
  expect(response.trailers["grpc-status"]).toBe(code);
});
