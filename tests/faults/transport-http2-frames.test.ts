/** Frames on HTTP/2 streams that are over, or have not begun. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { constants } from "node:http2";
import { frameMessage } from "../../src/transport/grpc/envelope.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { echoPath } from "../support/echo-service.ts";
import {
  converse,
  frame,
  frameType,
  grpcHeaders,
  parseFrames,
  preface,
} from "../support/raw-client.ts";

let server: EchoServer;
beforeAll(async () => {
  server = await startEchoServer();
});
afterAll(() => server.listener.drain(0));

const hello = Buffer.concat([preface, frame(frameType.settings, 0, 0)]);
const call = (stream: number) =>
  Buffer.concat([
    frame(frameType.headers, 4, stream, grpcHeaders(echoPath)),
    frame(frameType.data, 1, stream, frameMessage(Buffer.from("\x0a\x03abc"))),
  ]);
const strayData = (stream: number) => frame(frameType.data, 0, stream, Buffer.from("more"));

const { NGHTTP2_PROTOCOL_ERROR, NGHTTP2_STREAM_CLOSED } = constants;

test.each<[string, Uint8Array[], number]>([
  ["data after the end", [call(1), strayData(1)], NGHTTP2_STREAM_CLOSED],
  ["a second request on the same stream", [call(1), call(1)], NGHTTP2_STREAM_CLOSED],
  ["a request below the last one", [call(5), call(3)], NGHTTP2_STREAM_CLOSED],
  ["data without a request", [strayData(1)], NGHTTP2_PROTOCOL_ERROR],
])("%s: the client is told, and the connection closed", async (_name, frames, code) => {
  const { received, closed } = await converse(server.port, [hello, ...frames], { pauseMs: 50 });
  const [goAway] = parseFrames(received).filter(({ type }) => type === frameType.goAway);
  expect(goAway?.payload.readUInt32BE(4)).toBe(code);
  expect(closed).toBe(true);
  await server.answers();
});

test("everything in one piece: the connection ends all the same", async () => {
  const { received, closed } = await converse(server.port, [
    Buffer.concat([hello, call(1), strayData(1)]),
  ]);
  expect(parseFrames(received).some(({ type }) => type === frameType.goAway)).toBe(true);
  expect(closed).toBe(true);
  await server.answers();
});
