/** Clients of HTTP/1.1 that take their time, or ask a lot at once. */
import { afterEach, expect, test } from "bun:test";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Http1Exchange } from "../../src/transport/http1/http1-exchange.ts";
import { Http1Server } from "../../src/transport/http1/http1-server.ts";
import {
  connectionBufferBytes,
  defaultTimeouts,
  type Timeouts,
} from "../../src/transport/limits.ts";
import { uncounted } from "../../src/transport/listener.ts";
import { until } from "../support/until.ts";

const answerBytes = 1_000_000;
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Length: ${answerBytes}\r\n\r\n${"x".repeat(answerBytes)}`,
);
const request = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";

let ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends) end();
  ends = [];
});

/** A server that answers POST from the fast path alike, and counts that. */
async function serve(
  tuned: Partial<Timeouts> = {},
  general: (exchange: Http1Exchange) => void = (exchange) => exchange.abort(),
) {
  let made = 0;
  const last: boolean[] = [];
  const plain = new Http1Server({
    maxHeaderBytes: 10_000,
    paths: uncounted(),
    timeouts: { ...defaultTimeouts, ...tuned },
    fastPath: () => (head, _body, isLast) => {
      if (head.method !== "POST") return undefined;
      made++;
      last.push(isLast);
      return answer;
    },
    serve: general,
  });
  let connections = 0;
  let accepted: Socket | undefined;
  const server: Server = createServer({ highWaterMark: connectionBufferBytes }, (socket) => {
    connections++;
    accepted = socket;
    socket.on("close", () => connections--);
    socket.on("error", () => {});
    socket.once("data", (first: Buffer) => plain.accept(socket, first));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close());
  const open = async (allowHalfOpen = false): Promise<Socket> => {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen });
    socket.on("error", () => {});
    ends.push(() => socket.destroy());
    await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
    return socket.pause();
  };
  return {
    plain,
    open,
    made: () => made,
    last,
    connections: () => connections,
    received: () => accepted?.bytesRead ?? 0,
  };
}

/** How many bytes arrive until `enough` of them or the end. */
function receive(socket: Socket, enough: number): Promise<number> {
  return new Promise((resolve) => {
    let bytes = 0;
    socket.on("close", () => resolve(bytes));
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes >= enough) resolve(bytes);
    });
    socket.resume();
  });
}

test("a client that asks a lot at once gets answers made as it reads them, all of them", async () => {
  const { open, made } = await serve();
  const socket = await open();
  socket.write(request.repeat(200));
  await until("the first answers", () => made() > 0);
  await Bun.sleep(100);
  expect(made()).toBeLessThan(20);
  expect(await receive(socket, 200 * answer.length)).toBe(200 * answer.length);
  expect(made()).toBe(200);
});

test("also one that will ask no more", async () => {
  const { open } = await serve();
  const socket = await open(true);
  socket.end(request.repeat(50));
  await Bun.sleep(100);
  expect(await receive(socket, Number.POSITIVE_INFINITY)).toBe(50 * answer.length);
});

test("a client that takes longer than a connection may be idle gets the whole answer", async () => {
  const { open } = await serve({ keepAliveMs: 100 });
  const socket = await open();
  socket.write(request.repeat(20));
  await Bun.sleep(500);
  expect(await receive(socket, 20 * answer.length)).toBe(20 * answer.length);
});

test("a client that takes nothing of its answers is given up", async () => {
  const { open, made, connections } = await serve({ keepAliveMs: 100, answerMs: 200 });
  const socket = await open();
  socket.write(request.repeat(20));
  await until("the first answers", () => made() > 0);
  await until("the end of the connection", () => connections() === 0);
  expect(await receive(socket, 20 * answer.length)).toBeLessThan(20 * answer.length);
});

test("what was asked before the end is answered, be it half a request or an answer half read", async () => {
  const { plain, open, made } = await serve();
  const [half, slow] = [await open(), await open()];
  half.write(request.slice(0, -1));
  slow.write(request.repeat(30));
  await until("the answers of one", () => made() > 0);
  await Bun.sleep(100);
  plain.drain();
  half.write(request.slice(-1));
  expect(await receive(half, Number.POSITIVE_INFINITY)).toBe(answer.length);
  expect(await receive(slow, Number.POSITIVE_INFINITY)).toBe(30 * answer.length);
  expect(made()).toBe(31);
});

test("in the end a connection gets one more answer, the last of those that it asked for", async () => {
  const { plain, open, last } = await serve();
  const socket = await open();
  socket.write(request);
  await until("an answer", () => last.length === 1);
  plain.drain();
  socket.write(request.repeat(3));
  expect(await receive(socket, Number.POSITIVE_INFINITY)).toBe(4 * answer.length);
  expect(last).toEqual([false, false, false, true]);
});

test("in the end a connection on which nothing is asked is closed after a while", async () => {
  const { plain, open, made } = await serve({ keepAliveMs: 60_000, leaveMs: 100 });
  const socket = await open();
  socket.write(request);
  expect(await receive(socket, answer.length)).toBe(answer.length);
  await until("an answer", () => made() === 1);
  plain.drain();
  await until("the end", () => socket.destroyed);
});

test("on the general path requests are answered one after the other, and read no faster", async () => {
  let open = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  const { open: connectTo, received } = await serve({}, (exchange) => {
    most = Math.max(most, ++open);
    waiting.push(() => {
      open--;
      exchange.answer(200, {});
    });
  });
  const socket = await connectTo();
  const request = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
  const requests = 200_000;
  socket.write(request.repeat(requests));
  await until("the first request", () => open === 1);
  await until("no more is read", async () => {
    const before = received();
    await Bun.sleep(100);
    return received() === before;
  });
  expect(received()).toBeLessThan((requests * request.length) / 4);
  for (let i = 0; i < 50; i++) {
    await until("a request", () => waiting.length > 0);
    waiting.shift()?.();
  }
  expect(most).toBe(1);
});

test("on the general path a client that does not read its answers is not read from", async () => {
  let made = 0;
  const { open, received } = await serve({}, (exchange) => {
    made++;
    exchange.respond(200, { "content-length": `${answerBytes}` });
    exchange.write(answer.subarray(-answerBytes));
    exchange.end();
  });
  const socket = await open();
  const request = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
  const requests = 200_000;
  socket.write(request.repeat(requests));
  await until("no more is made", async () => {
    const before = made;
    await Bun.sleep(100);
    return made > 0 && made === before;
  });
  expect(made).toBeLessThan(20);
  expect(received()).toBeLessThan((requests * request.length) / 4);
});
