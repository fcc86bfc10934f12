/** The client that OpenFeature's Node.js provider uses, by both paths. */
import { afterAll, describe, expect, test } from "bun:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type CallOptions,
  Client,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import {
  EventStreamResponseSchema,
  ResolveStringRequestSchema,
  ResolveStringResponseSchema,
} from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { echoPath, eventPath } from "../support/echo-service.ts";
import { until } from "../support/until.ts";

const undo: (() => unknown)[] = [];
afterAll(async () => {
  for (const action of undo.reverse()) await action();
});

const requestBytes = (flagKey: string) =>
  Buffer.from(
    toBinary(ResolveStringRequestSchema, create(ResolveStringRequestSchema, { flagKey })),
  );

function metadata(fields: Record<string, string>): Metadata {
  const made = new Metadata();
  for (const [name, value] of Object.entries(fields)) made.set(name, value);
  return made;
}

describe.each(["fast", "general"])("%s path", (path) => {
  const start = async (): Promise<{ server: EchoServer; client: Client }> => {
    const server = await startEchoServer(path === "fast" ? {} : { unary: [], streams: [] });
    undo.push(() => server.listener.drain(0));
    const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
    });
    undo.push(() => client.close());
    return { server, client };
  };

  const resolve = (client: Client, key: string, options: CallOptions = {}): Promise<string> =>
    new Promise((done, fail) => {
      client.makeUnaryRequest(
        echoPath,
        requestBytes,
        (bytes) => fromBinary(ResolveStringResponseSchema, bytes).value,
        key,
        new Metadata(),
        options,
        (error, value) => (error ? fail(error) : done(value ?? "")),
      );
    });

  const events = (client: Client, fields: Record<string, string>, options: CallOptions = {}) =>
    client.makeServerStreamRequest(
      eventPath,
      () => Buffer.alloc(0),
      (bytes) => fromBinary(EventStreamResponseSchema, bytes).type,
      "",
      metadata(fields),
      options,
    );

  test("calls and errors arrive", async () => {
    const { client } = await start();
    expect(await resolve(client, "a")).toBe("a");
    expect((await resolve(client, "large")).length).toBe(120_000);
    const error: ServiceError = await resolve(client, "unicode").then(
      () => Promise.reject(new Error("no error")),
      (thrown) => thrown,
    );
    expect([error.code, error.details]).toEqual([status.INVALID_ARGUMENT, "100 % Größe\n"]);
    const detailed: ServiceError = await resolve(client, "detailed").catch((thrown) => thrown);
    expect(detailed.metadata.get("x-where")).toEqual(["here"]);
    expect(detailed.metadata.get("grpc-status-details-bin")).toHaveLength(1);
  });

  test("a deadline that has passed is DEADLINE_EXCEEDED", async () => {
    const { client } = await start();
    const error: ServiceError = await resolve(client, "a", { deadline: Date.now() - 1 }).then(
      () => Promise.reject(new Error("no error")),
      (thrown) => thrown,
    );
    expect(error.code).toBe(status.DEADLINE_EXCEEDED);
  });

  test("a stream of large messages waits for a reader that is slow", async () => {
    const { client } = await start();
    const stream = events(client, { "x-events": "40", "x-size": "200000" });
    const types: string[] = [];
    for await (const type of stream) {
      types.push(type);
      if (types.length % 5 === 0) await Bun.sleep(10);
    }
    expect(types.map((type) => type.length)).toEqual(new Array(40).fill(200_000));
    expect(types.map((type) => Number.parseInt(type.slice(6), 10))).toEqual([...types.keys()]);
  });

  test("cancelling ends the stream at the server", async () => {
    const { client, server } = await start();
    const stream = events(client, { "x-hang": "1" });
    stream.on("error", () => {});
    await new Promise((resolve) => stream.once("data", resolve));
    await until("the stream", () => server.service.openStreams() > 0);
    stream.cancel();
    await server.service.allStreamsEnded();
  });
});
