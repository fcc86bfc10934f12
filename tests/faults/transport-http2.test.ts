/** HTTP/2 clients that are broken, slow or hostile. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { Code } from "@connectrpc/connect";
import { frameMessage } from "../../src/transport/grpc/envelope.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { echoPath, eventPath } from "../support/echo-service.ts";
import {
  converse,
  frame,
  frameType,
  grpcHeaders,
  headerBlock,
  parseFrames,
  preface,
} from "../support/raw-client.ts";
import { until } from "../support/until.ts";

let server: EchoServer;
/** Waits for nobody for long. */
let impatient: EchoServer;

beforeAll(async () => {
  server = await startEchoServer();
  impatient = await startEchoServer({}, { headersMs: 300, requestMs: 1000, idleMs: 300 });
});
afterAll(() => Promise.all([server.listener.drain(0), impatient.listener.drain(0)]));

const hello = Buffer.concat([preface, frame(frameType.settings, 0, 0)]);
const endHeaders = 4;
const endStream = 1;
const request = frameMessage(Buffer.from("\x0a\x03abc"));
const wholeCall = Buffer.concat([
  hello,
  frame(frameType.headers, endHeaders, 1, grpcHeaders(echoPath)),
  frame(frameType.data, endStream, 1, request),
]);
const isAnswered = (received: string) => received.includes("grpc-status") || hasTrailers(received);
const hasTrailers = (received: string) =>
  parseFrames(received).some(({ type, flags }) => type === frameType.headers && flags & endStream);

/** Random, but the same in every run. */
function* randomBytes(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state >>> 24;
  }
}

test("a call is answered however its bytes are cut", async () => {
  const bytes = Array.from(wholeCall, (byte) => Buffer.from([byte]));
  const { received } = await converse(server.port, bytes, { enough: hasTrailers, pauseMs: 0 });
  expect(hasTrailers(received)).toBe(true);
});

test("half a preface is given up", async () => {
  const { received, closed } = await converse(impatient.port, [preface.subarray(0, 12)]);
  expect([received, closed]).toEqual(["", true]);
  await impatient.answers();
});

test("a connection that says nothing after its preface is closed", async () => {
  const { closed } = await converse(impatient.port, [preface]);
  expect(closed).toBe(true);
});

test("a connection without requests is told to go away and closed", async () => {
  const { received, closed } = await converse(impatient.port, [
    hello,
    frame(frameType.settings, 1, 0),
  ]);
  expect(parseFrames(received).map(({ type }) => type)).toContain(frameType.goAway);
  expect(closed).toBe(true);
});

test("random bytes end nothing but their own connection", async () => {
  const random = randomBytes(1);
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => random.next().value));
  await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      converse(server.port, [n % 2 ? Buffer.concat([hello, bytes(600)]) : bytes(600)], {
        waitMs: 100,
      }),
    ),
  );
  await server.answers();
});

test("mutated frames end nothing but their own connection", async () => {
  const random = randomBytes(2);
  for (let round = 0; round < 10; round++) {
    const mutated = Array.from({ length: 30 }, () => {
      const bytes = Buffer.from(wholeCall);
      for (let n = 0; n < 4; n++) {
        const at = preface.length + random.next().value;
        bytes[at % bytes.length] = random.next().value;
      }
      return bytes;
    });
    await Promise.all(mutated.map((bytes) => converse(server.port, [bytes], { waitMs: 50 })));
  }
  await server.answers();
});

test("a frame over the size limit is refused", async () => {
  const huge = Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]);
  const { closed } = await converse(server.port, [hello, huge, Buffer.alloc(100_000)]);
  expect(closed).toBe(true);
  await server.answers();
});

test("headers over the limit get no answer from the method", async () => {
  const large = grpcHeaders(echoPath, {
    "x-long": "x".repeat(15_000),
    "x-longer": "x".repeat(15_000),
  });
  const parts = [
    hello,
    frame(frameType.headers, 0, 1, large.subarray(0, 16_000)),
    frame(frameType.continuation, endHeaders, 1, large.subarray(16_000)),
    frame(frameType.data, endStream, 1, request),
  ];
  const { received } = await converse(server.port, parts, { waitMs: 500 });
  expect(received).not.toContain("abc");
  await server.answers();
});

test("an endless header block is cut off", async () => {
  const piece = frame(frameType.continuation, 0, 1, headerBlock({ x: "y".repeat(10_000) }));
  const parts = [
    hello,
    frame(frameType.headers, 0, 1, grpcHeaders(echoPath)),
    ...Array.from({ length: 300 }, () => piece),
  ];
  const { closed } = await converse(server.port, parts, { pauseMs: 0 });
  expect(closed).toBe(true);
  await server.answers();
});

test.each(["%2Ftmp%2Fx.sock", "", "::::", "a b", "[", "host:99999999", "\u0001"])(
  "a malformed :authority %p is no obstacle",
  async (authority) => {
    for (const type of ["application/grpc", "application/grpc+json", "application/json"]) {
      const fields = headerBlock({
        ":method": "POST",
        ":scheme": "http",
        ":path": echoPath,
        ":authority": authority,
        "content-type": type,
      });
      await converse(
        server.port,
        [
          hello,
          frame(frameType.headers, endHeaders, 1, fields),
          frame(frameType.data, endStream, 1, type.endsWith("json") ? Buffer.from("{}") : request),
        ],
        { waitMs: 100 },
      );
    }
    await server.answers();
  },
);

test("grpcio's :authority over a unix socket is served", async () => {
  const fields = grpcHeaders(echoPath, { ":authority": "%2Ftmp%2Fx.sock" });
  const { received } = await converse(
    server.port,
    [
      hello,
      frame(frameType.headers, endHeaders, 1, fields),
      frame(frameType.data, endStream, 1, request),
    ],
    { enough: hasTrailers },
  );
  expect(received).toContain("abc");
});

test.each(["", "no-slash", "*", "//evil", "/%", `${echoPath}?a=%ff`])(
  "a malformed :path %p is no obstacle",
  async (path) => {
    for (const type of ["application/grpc", "application/json"]) {
      await converse(
        server.port,
        [
          hello,
          frame(
            frameType.headers,
            endHeaders | endStream,
            1,
            grpcHeaders(path, { "content-type": type }),
          ),
        ],
        { waitMs: 100 },
      );
    }
    await server.answers();
  },
);

/** A call by node's client: the status that arrives, and what was received before. */
function call(
  path: string,
  headers: Record<string, string>,
  body: readonly Uint8Array[],
  end = true,
): Promise<{ status: number; message: string }> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://127.0.0.1:${(end ? server : impatient).port}`);
    session.on("error", reject);
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    let fields: Record<string, unknown> = {};
    stream.on("response", (received) => {
      fields = { ...fields, ...received };
    });
    stream.on("trailers", (received) => {
      fields = { ...fields, ...received };
    });
    stream.on("error", () => {});
    stream.on("close", () => {
      session.destroy();
      resolve({
        status: Number(fields["grpc-status"] ?? -1),
        message: String(fields["grpc-message"] ?? ""),
      });
    });
    stream.resume();
    for (const part of body) stream.write(part);
    if (end) stream.end();
  });
}

describe.each([
  ["fast", "application/grpc"],
  ["general", "application/grpc+json"],
])("a broken gRPC request, %s path,", (_path, contentType) => {
  const send = (body: Uint8Array, headers: Record<string, string> = {}, end = true) =>
    call(echoPath, { "content-type": contentType, ...headers }, [body], end);

  test.each([
    ["without message", new Uint8Array(0), Code.Unimplemented],
    ["with half an envelope", new Uint8Array([0, 0, 0]), Code.InvalidArgument],
    ["with half a message", new Uint8Array([0, 0, 0, 0, 9, 1]), Code.InvalidArgument],
    ["with two messages", new Uint8Array([0, 0, 0, 0, 2, 123, 125, 0, 0, 0, 0, 2, 123, 125]), 0],
    ["with a promise of 4 GiB", new Uint8Array([0, 255, 255, 255, 255]), Code.ResourceExhausted],
    ["compressed by nobody knows what", new Uint8Array([1, 0, 0, 0, 1, 1]), Code.Internal],
  ])("%s, is answered with an error", async (what, body, code) => {
    const { status } = await send(body);
    // Which of the two is looked at first differs: the second message, or the bytes of the first.
    if (what === "with two messages") expect([3, 12, 13]).toContain(status);
    else expect(status).toBe(code);
    await server.answers();
  });

  test("of an unknown compression is UNIMPLEMENTED", async () => {
    const answer = await send(new Uint8Array(5), { "grpc-encoding": "br" });
    expect(answer.status).toBe(Code.Unimplemented);
  });

  test("that is no gzip is INVALID_ARGUMENT", async () => {
    const body = new Uint8Array([1, 0, 0, 0, 2, 1, 2]);
    const answer = await send(body, { "grpc-encoding": "gzip" });
    expect(answer.status).toBe(Code.InvalidArgument);
  });

  test("with a malformed timeout is INVALID_ARGUMENT", async () => {
    const answer = await send(new Uint8Array(5), { "grpc-timeout": "soon" });
    expect(answer.status).toBe(Code.InvalidArgument);
  });

  test("that never ends is DEADLINE_EXCEEDED", async () => {
    const answer = await send(new Uint8Array([0, 0, 0, 0, 9]), {}, false);
    expect(answer.status).toBe(Code.DeadlineExceeded);
  });

  test("over the limit is RESOURCE_EXHAUSTED before it ends", async () => {
    const body = new Uint8Array(200_000);
    body.set([0, 0, 3, 13, 59]);
    const answer = await send(body, {}, false);
    expect(answer.status).toBe(Code.ResourceExhausted);
  });
});

test("a body in single bytes is read in linear time", async () => {
  const message = Buffer.from(`\x0a\x80\x80\x01${"x".repeat(16_384)}`, "latin1");
  const body = Array.from(frameMessage(message), (byte) =>
    frame(frameType.data, 0, 1, Buffer.from([byte])),
  );
  const { received } = await converse(
    server.port,
    [
      Buffer.concat([
        hello,
        frame(frameType.headers, endHeaders, 1, grpcHeaders(echoPath)),
        ...body,
        frame(frameType.data, endStream, 1),
      ]),
    ],
    { enough: hasTrailers },
  );
  expect(received).toContain("x".repeat(1000));
});

test("clients that vanish in mid-call and in mid-stream leave nothing behind", async () => {
  const streamCall = Buffer.concat([
    hello,
    frame(frameType.headers, endHeaders, 1, grpcHeaders(eventPath, { "x-hang": "1" })),
    frame(frameType.data, endStream, 1, frameMessage(new Uint8Array(0))),
  ]);
  const halfCall = wholeCall.subarray(0, wholeCall.length - 4);
  const isOpen = (received: string) => received.includes("event 0");
  await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      n % 2
        ? converse(server.port, [streamCall], { enough: isOpen })
        : converse(server.port, [halfCall], { waitMs: 20 }),
    ),
  );
  await server.service.allStreamsEnded();
  await server.answers();
});

test("calls that are reset at once cost nothing that lasts", async () => {
  const rounds = Array.from({ length: 40 }, (_, round) =>
    Buffer.concat(
      Array.from({ length: 50 }, (_, n) => {
        const id = 1 + 2 * (round * 50 + n);
        return Buffer.concat([
          frame(
            frameType.headers,
            endHeaders | (n % 2),
            id,
            grpcHeaders(n % 3 ? echoPath : eventPath),
          ),
          frame(frameType.reset, 0, id, Buffer.from([0, 0, 0, 8])),
        ]);
      }),
    ),
  );
  await converse(server.port, [hello, ...rounds], { waitMs: 1000 });
  await server.answers();
});

test("streams beyond the limit are refused, the others served", async () => {
  const opening = Array.from({ length: 300 }, (_, n) =>
    frame(frameType.headers, endHeaders, 1 + 2 * n, grpcHeaders(echoPath)),
  );
  const ping = frame(frameType.ping, 0, 0, Buffer.alloc(8));
  const { received } = await converse(server.port, [Buffer.concat([hello, ...opening, ping])], {
    enough: (received) => parseFrames(received).some(({ type }) => type === frameType.ping),
  });
  const refused = parseFrames(received).filter(
    ({ type, payload }) => type === frameType.reset && payload.readUInt32BE(0) === 7,
  );
  expect(refused.length).toBe(50);
  await server.answers();
});

test("a stream whose client does not read is dropped before it fills the memory", async () => {
  const socket = connectTcp(server.port, "127.0.0.1");
  socket.pause();
  socket.write(
    Buffer.concat([
      hello,
      frame(frameType.settings, 0, 0, Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff])),
      frame(frameType.windowUpdate, 0, 0, Buffer.from([0x7f, 0, 0, 0])),
      frame(
        frameType.headers,
        endHeaders,
        1,
        grpcHeaders(eventPath, { "x-events": "60", "x-size": "1000000" }),
      ),
      frame(frameType.data, endStream, 1, frameMessage(new Uint8Array(0))),
    ]),
  );
  await until("a warning", () =>
    server.log.some(({ message }) => message.includes("stopped reading")),
  );
  socket.destroy();
  await server.answers();
});

test("a call is answered though the client has closed its side", async () => {
  const { received } = await converse(server.port, [wholeCall], { enough: isAnswered });
  expect(received).toContain("abc");
});
