/** What Connect's protocols leave open is answered as clients of Go flagd know it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { toBinary } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { ResolveBooleanRequestSchema } from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { createEvaluationService } from "../../src/services/evaluation/evaluation-service.ts";
import { listen } from "../../src/transport/listen.ts";
import type { Listener } from "../../src/transport/listener.ts";
import { fixedContext } from "../support/fixed-context.ts";
import { converse } from "../support/raw-client.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { FakeStore, viewOf } from "../unit/services/fixtures.ts";
import { flags } from "./evaluation-cases.ts";

let listener: Listener;
let port: number;

beforeAll(async () => {
  const service = createEvaluationService({
    store: new FakeStore(viewOf(flags)),
    context: fixedContext({}),
    contextFromHeader: new Map(),
    whenReady: Promise.resolve(),
    streamDeadlineMs: 0,
    record: () => {},
  });
  listener = await listen({
    ...service,
    name: "evaluation",
    address: { port: 0, host: "127.0.0.1" },
    web: true,
    corsOrigins: [],
    maxRequestBody: 20_000,
    maxRequestHeader: 1000,
    log: rememberingLog(),
  });
  port = "port" in listener.address ? listener.address.port : 0;
});

afterAll(() => listener.drain(0));

function post(contentType: string, body: string | Uint8Array<ArrayBuffer>, headers = {}) {
  const url = `http://127.0.0.1:${port}/flagd.evaluation.v1.Service/ResolveBoolean`;
  const type = { "content-type": contentType };
  return fetch(url, { method: "POST", headers: { ...type, ...headers }, body });
}

function framed(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(5 + message.length);
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, 5);
  return frame;
}

const request = (flagKey: string) =>
  toBinary(ResolveBooleanRequestSchema, {
    $typeName: "flagd.evaluation.v1.ResolveBooleanRequest",
    flagKey,
  });
const noMessage = new Uint8Array([0x0a, 1, 0xff]);

test.each(["{", '{"flagKey":1}', "[]", "5", '{"context":[]}'])(
  "JSON %p is invalid",
  async (body) => {
    const response = await post("application/json", body);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/json");
    const error = (await response.json()) as { code: string; message: string };
    expect(error.code).toBe("invalid_argument");
    expect(error.message).toStartWith("unmarshal message: ");
  },
);

test("bytes that are no message are invalid", async () => {
  const response = await post("application/proto", noMessage);
  expect(response.status).toBe(400);
  const error = (await response.json()) as { code: string; message: string };
  expect(error.code).toBe("invalid_argument");
  expect(error.message).toStartWith("unmarshal message: ");
});

test("what may be compressed is said", async () => {
  const json = await post("application/json", '{"flagKey":"b"}');
  expect(json.headers.get("accept-encoding")).toBe("gzip");
  const web = await post("application/grpc-web+proto", framed(request("b")));
  expect(web.headers.get("grpc-accept-encoding")).toBe("gzip");
});

test.each(["fast", "general"])(
  "a charset that was given comes back by the %s path",
  async (path) => {
    // With a deadline a call takes the general path.
    const headers: Record<string, string> = path === "fast" ? {} : { "connect-timeout-ms": "5000" };
    for (const type of ["application/json", "application/json; charset=utf-8"]) {
      const response = await post(type, '{"flagKey":"b"}', headers);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe(type);
    }
  },
);

test("empty headers are none", async () => {
  for (const name of ["content-encoding", "connect-timeout-ms", "connect-protocol-version"]) {
    const { received } = await converse(
      port,
      [
        "POST /flagd.evaluation.v1.Service/ResolveBoolean HTTP/1.1\r\nHost: x\r\n" +
          `Content-Type: application/json\r\n${name}: \r\nContent-Length: 15\r\n\r\n{"flagKey":"b"}`,
      ],
      { enough: (text) => text.includes("}}") },
    );
    expect(received).toStartWith("HTTP/1.1 200 ");
  }
});

test.each([
  ["a flag that is none", request("none"), "5", "Flag not found"],
  ["a flag of another type", request("s"), "3", "Type mismatch error"],
])("gRPC-web tells of %s in the headers", async (_, message, code, text) => {
  const response = await post("application/grpc-web+proto", framed(message));
  expect(response.status).toBe(200);
  expect(response.headers.get("grpc-status")).toBe(code);
  expect(response.headers.get("grpc-message")).toBe(text);
  expect(await response.text()).toBe("");
});

test("gRPC-web tells of bytes that are no message in the headers", async () => {
  const response = await post("application/grpc-web+proto", framed(noMessage));
  expect(response.headers.get("grpc-status")).toBe("3");
  expect(response.headers.get("grpc-message")).toStartWith("unmarshal message: ");
});

test("gRPC-web has its trailers in the body if there is a message", async () => {
  const response = await post("application/grpc-web+proto", framed(request("b")));
  expect(response.headers.get("grpc-status")).toBeNull();
  expect(await response.text()).toContain("grpc-status: 0");
});

test("a gRPC client is told UNIMPLEMENTED of methods that are none", async () => {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const call = (path: string) =>
    new Promise<ServiceError | null>((resolve) => {
      const identity = (bytes: Buffer) => bytes;
      client.makeUnaryRequest(path, identity, identity, Buffer.alloc(0), resolve);
    });
  try {
    for (const [path, message] of [
      ["/flagd.evaluation.v2.Service/ResolveAll", "unknown method ResolveAll"],
      ["/grpc.Nothing/Here", "unknown service grpc.Nothing"],
    ] as const) {
      const error = await call(path);
      expect(error?.code).toBe(status.UNIMPLEMENTED);
      expect(error?.details).toStartWith(message);
    }
  } finally {
    client.close();
  }
});

test("headers over the limit are 431 on a connection that stays open too", async () => {
  const { received } = await converse(port, [
    "POST /flagd.evaluation.v1.Service/ResolveBoolean HTTP/1.1\r\nHost: x\r\n" +
      `Content-Type: application/json\r\nX-Long: ${"x".repeat(6000)}\r\n` +
      'Content-Length: 15\r\n\r\n{"flagKey":"b"}',
  ]);
  expect(received).toStartWith("HTTP/1.1 431 ");
});
