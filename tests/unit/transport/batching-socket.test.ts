import { afterEach, describe, expect, test } from "bun:test";
import { connect, createServer, type Server, type Socket } from "node:net";
import { BatchingSocket } from "../../../src/transport/batching-socket.ts";
import { connectionBufferBytes } from "../../../src/transport/limits.ts";
import { until } from "../../support/until.ts";

const open: (Socket | Server)[] = [];
afterEach(() => {
  for (const one of open.splice(0)) "close" in one ? one.close() : one.destroy();
});

/** A batching socket and the raw socket at its other end. */
function pair(first = new Uint8Array(0)): Promise<{ batching: BatchingSocket; peer: Socket }> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      open.push(socket);
      resolve({ batching: new BatchingSocket(socket, first), peer });
    });
    open.push(server);
    let peer: Socket;
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      peer = connect(typeof address === "object" && address ? address.port : 0, "127.0.0.1");
      peer.on("error", () => {});
      open.push(peer);
    });
  });
}

function gather(stream: Socket | BatchingSocket): () => string {
  let text = "";
  stream.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  return () => text;
}

describe("a batching socket", () => {
  test("sends everything in order, written at once or over time", async () => {
    const { batching, peer } = await pair();
    const received = gather(peer);
    let expected = "";
    for (let n = 0; n < 500; n++) {
      const text = `${n},`.repeat(n % 7);
      expected += text;
      batching.write(Buffer.from(text));
      if (n % 50 === 0) await Bun.sleep(1);
    }
    await until("all of it", () => received().length === expected.length);
    expect(received()).toBe(expected);
  });

  test("sends what was written before its end", async () => {
    const { batching, peer } = await pair();
    const received = gather(peer);
    const ended = new Promise((resolve) => peer.on("end", resolve));
    batching.write(Buffer.from("last "));
    batching.end(Buffer.from("words"));
    await ended;
    expect(received()).toBe("last words");
  });

  test("sends what was written before it is destroyed", async () => {
    const { batching, peer } = await pair();
    const received = gather(peer);
    const closed = new Promise((resolve) => peer.on("close", resolve));
    batching.end(Buffer.from("last words"), () => batching.destroy());
    await closed;
    expect(received()).toBe("last words");
  });

  test("reads the bytes that were read before, then the rest", async () => {
    const { batching, peer } = await pair(Buffer.from("first "));
    const received = gather(batching);
    peer.write("second");
    await until("both", () => received() === "first second");
  });

  test("asks its writer to wait for a peer that does not read, and to go on when it does", async () => {
    const { batching, peer } = await pair();
    peer.pause();
    const chunk = Buffer.alloc(64 << 10, "x");
    let written = 0;
    let refused = 0;
    // The kernel takes some megabytes for a socket that nobody reads.
    while (refused < 5 && written < 200 << 20) {
      const room = batching.write(chunk);
      written += chunk.length;
      await Bun.sleep(0);
      if (room) refused = 0;
      else if (batching.writableNeedDrain) refused++;
    }
    expect(written).toBeLessThan(200 << 20);
    expect(batching.writableLength).toBeLessThan(connectionBufferBytes + 6 * chunk.length);

    const drained = new Promise((resolve) => batching.once("drain", resolve));
    let read = 0;
    peer.on("data", (data: Buffer) => {
      read += data.length;
    });
    peer.resume();
    await drained;
    await until("the rest", () => read === written);
  });

  test("closes when its socket closes, and the other way round", async () => {
    const first = await pair();
    const closed = new Promise((resolve) => first.batching.on("close", resolve));
    first.peer.destroy();
    await closed;
    const second = await pair();
    const gone = new Promise((resolve) => second.peer.on("close", resolve));
    second.peer.resume();
    second.batching.destroy();
    await gone;
  });
});
