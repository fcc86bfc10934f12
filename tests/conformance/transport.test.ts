/**
 * One suite for every protocol by both paths: whatever a client speaks, and whether a gRPC call
 * takes the fast path or Connect's handlers, it gets the same answers.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { Service } from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { listen } from "../../src/transport/listen.ts";
import type { Listener } from "../../src/transport/listener.ts";
import { createEchoService, echoOptions, echoPath } from "../support/echo-service.ts";
import { rememberingLog } from "../support/remembering-log.ts";

type MakeTransport = (baseUrl: string) => Transport;
const gzip = { sendCompression: compressionGzip, acceptCompression: [compressionGzip] };

const protocols: Record<string, MakeTransport> = {
  gRPC: (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC with gzip": (baseUrl) => createGrpcTransport({ baseUrl, ...gzip, compressMinBytes: 0 }),
  "gRPC without compression": (baseUrl) => createGrpcTransport({ baseUrl, acceptCompression: [] }),
  "gRPC with JSON": (baseUrl) => createGrpcTransport({ baseUrl, useBinaryFormat: false }),
  "gRPC-web, HTTP/1.1": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "gRPC-web, HTTP/2": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
  "gRPC-web with JSON and gzip": (baseUrl) =>
    createGrpcWebTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false, ...gzip }),
  "Connect, HTTP/1.1": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect, HTTP/2": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
  "Connect, binary with gzip": (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: true, ...gzip }),
};

const service = createEchoService();
const listeners: Record<string, Listener> = {};
const logs = { fast: rememberingLog(), general: rememberingLog() };

beforeAll(async () => {
  for (const path of ["fast", "general"] as const) {
    const log = logs[path];
    listeners[path] = await listen({ ...echoOptions(service, path === "fast"), log });
  }
});
afterAll(async () => {
  await Promise.all(Object.values(listeners).map((listener) => listener.drain(0)));
});

const cases = (["fast", "general"] as const).flatMap((path) =>
  Object.entries(protocols).map(([name, make]) => [path, name, make] as const),
);

describe.each(cases)("%s path, %s", (path, _name, make) => {
  let client: Client<typeof Service>;
  beforeAll(() => {
    const address = listeners[path]?.address;
    if (!address || !("port" in address)) throw new Error("no port");
    client = createClient(Service, make(`http://127.0.0.1:${address.port}`));
  });

  const failing = async (key: string): Promise<ConnectError> => {
    const error = await client.resolveString({ flagKey: key }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConnectError);
    return error;
  };

  test("a unary call is answered", async () => {
    const answer = await client.resolveString({ flagKey: "käse" });
    expect(answer).toMatchObject({
      value: "käse",
      reason: "STATIC",
      variant: "echo",
      metadata: { length: 4 },
    });
  });

  test("a hundred calls at once are each given their own answer", async () => {
    const keys = Array.from({ length: 100 }, (_, n) => `key-${n}`);
    const answers = await Promise.all(keys.map((flagKey) => client.resolveString({ flagKey })));
    expect(answers.map((answer) => answer.value)).toEqual(keys);
  });

  test("a large answer arrives whole", async () => {
    const answer = await client.resolveString({ flagKey: "large" });
    expect(answer.value.length).toBe(120_000);
  });

  test("large answers to many calls at once are not mixed up", async () => {
    const keys = Array.from({ length: 20 }, (_, n) => `${n} `.repeat(15_000));
    const answers = await Promise.all(keys.map((flagKey) => client.resolveString({ flagKey })));
    answers.forEach((answer, n) => {
      expect(answer.value === keys[n]).toBe(true);
    });
  });

  test("an empty message is a message", async () => {
    expect((await client.resolveString({})).value).toBe("");
  });

  test("an error arrives with code and message", async () => {
    const error = await failing("missing");
    expect([error.code, error.rawMessage]).toEqual([Code.NotFound, "Flag not found"]);
  });

  test("a message may hold any character", async () => {
    const error = await failing("unicode");
    expect([error.code, error.rawMessage]).toEqual([Code.InvalidArgument, "100 % Größe\n"]);
  });

  test("error details and metadata arrive", async () => {
    const error = await failing("detailed");
    expect(error.code).toBe(Code.DataLoss);
    expect(error.metadata.get("x-where")).toBe("here");
    expect(error.findDetails(StringValueSchema).map((detail) => detail.value)).toEqual(["detail"]);
  });

  test("an unexpected exception tells the client nothing", async () => {
    const error = await failing("broken");
    expect([error.code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
    const entry = logs[path]?.entries.findLast(({ level }) => level === "error");
    expect(entry?.fields?.path).toBe(echoPath);
    expect(String(entry?.fields?.error)).toContain("a secret of the implementation");
  });

  test("a method that is not implemented is UNIMPLEMENTED", async () => {
    const error = await client.resolveInt({}).catch((thrown) => thrown);
    expect(ConnectError.from(error).code).toBe(Code.Unimplemented);
  });

  test("a message over the limit is RESOURCE_EXHAUSTED, compressed or not", async () => {
    const error = await failing("x".repeat(150_000));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect((await client.resolveString({ flagKey: "after" })).value).toBe("after");
  });

  test("a message just under the limit is taken", async () => {
    const flagKey = "x".repeat(99_000);
    expect((await client.resolveString({ flagKey })).value).toBe(flagKey);
  });

  const collect = async (headers: Record<string, string>): Promise<string[]> => {
    const types: string[] = [];
    for await (const event of client.eventStream({}, { headers })) types.push(event.type);
    return types;
  };

  test("a stream delivers its messages in order and ends", async () => {
    const types = await collect({ "x-events": "300" });
    expect(types).toEqual(Array.from({ length: 300 }, (_, n) => `event ${n}`));
  });

  test("a stream may end without a message", async () => {
    expect(await collect({ "x-events": "0" })).toEqual([]);
  });

  test("a stream may fail after its messages", async () => {
    const types: string[] = [];
    const stream = client.eventStream({}, { headers: { "x-events": "2", "x-fail": "1" } });
    const error = await (async () => {
      for await (const event of stream) types.push(event.type);
    })().catch((thrown) => ConnectError.from(thrown));
    expect(types).toEqual(["event 0", "event 1"]);
    expect([error?.code, error?.rawMessage]).toEqual([Code.Unavailable, "Größe"]);
  });

  test("a stream may be refused", async () => {
    const error = await collect({ "x-refuse": "1" }).catch((thrown) => ConnectError.from(thrown));
    expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: "not today" });
  });

  test("the method learns that a client cancelled its stream", async () => {
    const abort = new AbortController();
    const stream = client.eventStream({}, { headers: { "x-hang": "1" }, signal: abort.signal });
    const first = await stream[Symbol.asyncIterator]().next();
    expect(first.value?.type).toBe("event 0");
    expect(service.openStreams()).toBeGreaterThan(0);
    abort.abort();
    await service.allStreamsEnded();
  });

  test("a stream ends at the client's deadline", async () => {
    const stream = client.eventStream({}, { headers: { "x-hang": "1" }, timeoutMs: 100 });
    const error = await (async () => {
      for await (const _ of stream);
    })().catch((thrown) => ConnectError.from(thrown));
    expect(error?.code).toBe(Code.DeadlineExceeded);
    await service.allStreamsEnded();
  });
});
