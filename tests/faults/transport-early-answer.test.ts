/** Clients that are still sending when they are answered. */
import { expect, test } from "bun:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { ServerReflection } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { startEchoServer } from "../support/echo-server.ts";
import { echoPath } from "../support/echo-service.ts";
import { converse } from "../support/raw-client.ts";

test("HTTP/1.1: the answer arrives, and then the connection is closed", async () => {
  const server = await startEchoServer();
  try {
    const head =
      `POST ${echoPath} HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n` +
      `Content-Length: 100000000\r\n\r\n`;
    const body = Array.from({ length: 60 }, () => Buffer.alloc(100_000));
    const { received, closed } = await converse(server.port, [head, ...body]);
    expect(received).toStartWith("HTTP/1.1 415 ");
    expect(received.toLowerCase()).toContain("connection: close");
    expect(received).toEndWith("\r\n\r\n");
    expect(closed).toBe(true);
    await server.answers();
  } finally {
    await server.listener.drain(0);
  }
});

const protocols = {
  gRPC: createGrpcTransport,
  "gRPC-web": createGrpcWebTransport,
  Connect: createConnectTransport,
};

test.each(Object.entries(protocols))(
  "%s: a stream of requests learns why it ends",
  async (_name, make) => {
    const server = await startEchoServer({
      maxRequestBody: 1000,
      routes: (router) =>
        router.service(ServerReflection, {
          async *serverReflectionInfo(requests) {
            for await (const { host } of requests) yield { validHost: host };
          },
        }),
    });
    const more = Promise.withResolvers<void>();
    async function* requests() {
      yield { host: "x".repeat(5000) };
      await more.promise;
    }
    try {
      const transport = make({ baseUrl: `http://127.0.0.1:${server.port}`, httpVersion: "2" });
      const answers = createClient(ServerReflection, transport).serverReflectionInfo(requests());
      const error = await (async () => {
        for await (const _ of answers);
      })().catch((thrown) => ConnectError.from(thrown));
      expect(error?.code).toBe(Code.ResourceExhausted);
    } finally {
      more.resolve();
      await server.listener.drain(0);
    }
  },
);
