/** The sync service on a real listener: HTTP/2 flow control decides who is slow. */
import { afterEach, expect, test } from "bun:test";
import http2 from "node:http2";
import { fromBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { FlagSyncService, SyncFlagsResponseSchema } from "../../src/gen/flagd/sync/v1/sync_pb.ts";
import { createSyncService } from "../../src/services/sync/sync-service.ts";
import { listen } from "../../src/transport/listen.ts";
import { fixedContext } from "../support/fixed-context.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { until } from "../support/until.ts";
import { createStore, flag, flagSet } from "../unit/store/flags.ts";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startServer(stallMs = 30_000) {
  const { store } = createStore("A");
  const log = rememberingLog();
  const counts = { open: 0, ends: [] as string[] };
  const service = createSyncService({
    store,
    context: fixedContext({ env: "test" }),
    whenReady: Promise.resolve(),
    metadataDisabled: false,
    streamDeadlineMs: 0,
    stallMs,
    log,
    measure: () => {
      counts.open++;
      return {
        sent: () => {},
        ended: (reason) => {
          counts.open--;
          counts.ends.push(reason);
        },
      };
    },
  });
  const listener = await listen({
    name: "sync",
    address: { port: 0, host: "127.0.0.1" },
    ...service,
    web: false,
    maxRequestBody: 4_194_304,
    maxRequestHeader: 65_536,
    log,
  });
  cleanups.push(() => listener.drain(0));
  const port = "port" in listener.address ? listener.address.port : 0;
  return { store, counts, service, baseUrl: `http://127.0.0.1:${port}` };
}

/** Puts messages together, and remembers of each what the flag `x` is. */
class RevisionReader {
  revisions = "";
  #chunks: Buffer[] = [];
  #received = 0;
  #needed = 5;

  receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#received += chunk.length;
    while (this.#received >= this.#needed) {
      const bytes = Buffer.concat(this.#chunks);
      const end = 5 + bytes.readUInt32BE(1);
      this.#needed = end;
      this.#chunks = [bytes];
      if (bytes.length < end) return;
      const message = fromBinary(SyncFlagsResponseSchema, bytes.subarray(5, end));
      this.revisions += JSON.parse(message.flagConfiguration).flags.x?.defaultVariant[0] ?? "-";
      this.#chunks = [bytes.subarray(end)];
      this.#received = bytes.length - end;
      this.#needed = 5;
    }
  }
}

/** A client that shows how much of its stream it took, and reads only when it is told to. */
function openRawStream(baseUrl: string, reading: boolean) {
  const session = http2.connect(baseUrl);
  session.on("error", () => {});
  cleanups.push(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/flagd.sync.v1.FlagSyncService/SyncFlags",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const reader = new RevisionReader();
  const read = () => stream.on("data", (chunk: Buffer) => reader.receive(chunk));
  let closed = false;
  stream.on("error", () => {});
  stream.on("close", () => {
    closed = true;
  });
  if (reading) read();
  stream.end(Buffer.alloc(5));
  return {
    read,
    session,
    get closed() {
      return closed;
    },
    /** The first letter of each revision of `x` received whole, `-` if it has no `x`. */
    get revisions(): string {
      return reader.revisions;
    },
  };
}

/** Larger than what a connection buffers on its way. */
const large = (letter: string) => flagSet([flag("x", letter.repeat(1_000_000))]);

test("a gRPC client gets the state, its context, and every change", async () => {
  const { store, baseUrl } = await startServer();
  const client = createClient(FlagSyncService, createGrpcTransport({ baseUrl }));
  const cancel = new AbortController();
  const seen: string[] = [];
  for await (const message of client.syncFlags({}, { signal: cancel.signal })) {
    expect(message.syncContext).toEqual({ env: "test" });
    expect(message.flagConfiguration).toBe(store.snapshot.view({}).syncPayload);
    seen.push(message.flagConfiguration);
    if (seen.length === 3) break;
    store.accept("A", flagSet([flag("x", String(seen.length))]));
  }
  cancel.abort();
  const { flagConfiguration } = await client.fetchAllFlags({});
  expect(flagConfiguration).toBe(seen.at(-1) ?? "");
  expect((await client.getMetadata({})).metadata).toEqual({ env: "test" });
});

test("a client that stops reading gets the last state when it goes on, and not those between", async () => {
  const { store, counts, baseUrl } = await startServer();
  const fast = openRawStream(baseUrl, true);
  const slow = openRawStream(baseUrl, false);
  await until("both streams", () => counts.open === 2);
  for (const letter of "abcdefgh") {
    store.accept("A", large(letter));
    await until(`state ${letter} at the reader`, () => fast.revisions.endsWith(letter));
  }
  expect(fast.revisions).toBe("-abcdefgh");
  slow.read();
  await until("the last state", () => slow.revisions.endsWith("h"));
  expect(slow.revisions.length).toBeLessThan(fast.revisions.length);
});

test("a client that reads nothing is dropped, the others are not", async () => {
  const { store, counts, baseUrl } = await startServer(1_000);
  const fast = openRawStream(baseUrl, true);
  const slow = openRawStream(baseUrl, false);
  await until("both streams", () => counts.open === 2);
  store.accept("A", large("a"));
  await until("the end of the stream", () => slow.closed);
  store.accept("A", large("b"));
  await until("the next state at the reader", () => fast.revisions.endsWith("b"));
  expect(counts).toEqual({ open: 1, ends: ["error"] });
});

test("clients that vanish are noticed, all of them", async () => {
  const { store, counts, baseUrl } = await startServer();
  const streams = Array.from({ length: 50 }, (_, i) => openRawStream(baseUrl, i % 2 === 0));
  await until("all streams", () => counts.open === 50);
  store.accept("A", flagSet([flag("x", "a".repeat(100_000))]));
  for (const { session } of streams) session.destroy();
  await until("the end of all streams", () => counts.open === 0);
  expect(new Set(counts.ends)).toEqual(new Set(["normal_close"]));
});

test("a stopping server ends its streams as unavailable", async () => {
  const { counts, service, baseUrl } = await startServer();
  const client = createClient(FlagSyncService, createGrpcTransport({ baseUrl }));
  const stream = client.syncFlags({})[Symbol.asyncIterator]();
  await stream.next();
  service.shutdown();
  // Not `expect().rejects`: in Bun it holds up the I/O that the promise waits for.
  const failure = await stream.next().catch(String);
  expect(failure).toBe("ConnectError: [unavailable] the server is shutting down");
  await until("the end of the stream", () => counts.open === 0);
});
