/** Clients that are still sending when they are answered. */
import { expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { ServerReflection } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { startEchoServer } from "../support/echo-server.ts";
import { echoPath } from "../support/echo-service.ts";

test("HTTP/1.1: the answer waits for a client that reads only once it has sent", async () => {
  const server = await startEchoServer();
  const socket = connect(server.port, "127.0.0.1").setEncoding("latin1").pause();
  try {
    socket.write(
      `POST ${echoPath} HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n` +
        "Content-Length: 100000000\r\n\r\n",
    );
    for (let n = 0; n < 8; n++) {
      socket.write(Buffer.alloc(10_000));
      await Bun.sleep(10);
    }
    let received = "";
    socket.on("data", (text: string) => {
      received += text;
    });
    const closed = once(socket, "close");
    socket.resume();
    await closed;
    expect(received).toStartWith("HTTP/1.1 415 ");
    expect(received.toLowerCase()).toContain("connection: close");
    await server.answers();
  } finally {
    socket.destroy();
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
      routes: async () => (router) =>
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
