/** HTTP/2 requests that repeat each other, and connections that end in the middle. */
import { afterEach, expect, test } from "bun:test";
import { connect } from "node:net";
import { frameMessage } from "../../src/transport/grpc/envelope.ts";
import type { ListenerOptions } from "../../src/transport/listener.ts";
import { startEchoServer } from "../support/echo-server.ts";
import { echoPath, eventPath } from "../support/echo-service.ts";
import { frame, frameType, grpcHeaders } from "../support/raw-client.ts";
import { RawSession } from "../support/raw-session.ts";
import { until } from "../support/until.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function start(options: Partial<ListenerOptions> = {}) {
  const server = await startEchoServer(options);
  undo.push(() => server.listener.drain(0));
  const socket = connect(server.port, "127.0.0.1");
  const session = new RawSession(socket);
  undo.push(() => session[Symbol.dispose]());
  return { server, socket, session };
}

const request = frameMessage(Buffer.from("\x0a\x03abc"));

test.each([
  ["unary", echoPath, "application/grpc"],
  ["streaming", eventPath, "application/grpc"],
  ["general", echoPath, "application/grpc+proto; x=y"],
])(
  "what tracing writes into a %s request is not in the next one of the same headers",
  async (_kind, path, type) => {
    const seen: unknown[] = [];
    const { session } = await start({
      trace: (call) => {
        seen.push(call.header("traceparent"));
        call.setHeader("traceparent", "of the server");
        return undefined;
      },
    });
    for (const id of [1, 3, 5]) {
      session.call(id, path, request, { "content-type": type, traceparent: "of the client" });
      await until("the end of the call", () => session.ended(id) || session.code(id) !== undefined);
    }
    expect(seen).toEqual(["of the client", "of the client", "of the client"]);
  },
);

test("a call is answered though the client sends nothing after it, not even a window", async () => {
  const { session, socket } = await start();
  session.call(1, echoPath, request);
  socket.end();
  await session.answered(1);
  expect(session.data(1).toString()).toContain("abc");
});

test("so are calls that take several turns", async () => {
  const { session, socket } = await start();
  const ids = Array.from({ length: 200 }, (_, n) => 2 * n + 1);
  socket.cork();
  for (const id of ids) session.call(id, echoPath, request);
  socket.uncork();
  socket.end();
  for (const id of ids) await session.answered(id);
});

test("an answer larger than all windows comes whole, as fast as it is paid for", async () => {
  const { session } = await start();
  const large = frameMessage(Buffer.from("\x0a\x05large"));
  session.call(1, echoPath, large);
  await session.received(1, 65_535);
  session.call(3, echoPath, request);
  await session.answered(3);
  expect(session.ended(1)).toBe(false);
  session.widen(1, 100_000);
  await session.answered(1);
  const data = session.data(1);
  expect(data.readUInt32BE(1)).toBe(data.length - 5);
  expect(data.toString("latin1")).toContain("large ".repeat(20_000));
});

test("an answer that is complete before its request does not end the connection", async () => {
  const { session } = await start();
  session.send(frame(frameType.headers, 4, 1, grpcHeaders("/no.such/Method")));
  await session.answered(1);
  session.send(frame(frameType.data, 0, 1, request), frame(frameType.data, 1, 1));
  session.call(3, echoPath, request);
  await session.answered(3);
  expect([session.code(0), session.code(1)]).toEqual([undefined, undefined]);
});
