import { describe, expect, test } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import {
  EventStreamRequestSchema,
  EventStreamResponseSchema,
  Service as V1,
} from "../../../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import {
  createEvaluationService,
  type EvaluationServiceOptions,
} from "../../../../src/services/evaluation/evaluation-service.ts";
import type { MessageStream } from "../../../../src/transport/listener.ts";
import { fixedContext } from "../../../support/fixed-context.ts";
import { until } from "../../../support/until.ts";
import { FakeStore, viewOf } from "../fixtures.ts";

/** A gRPC stream whose reader the test plays. */
class FakeStream implements MessageStream {
  readonly frames: Uint8Array[] = [];
  readonly ended: (Error | undefined)[] = [];
  aborted = false;
  slow = false;
  drain = () => {};
  close = () => {};

  send(frame: Uint8Array): boolean {
    this.frames.push(frame);
    return !this.slow;
  }
  end(error?: Error): void {
    this.ended.push(error);
    this.close();
  }
  abort(): void {
    this.aborted = true;
    this.close();
  }
  onDrain(listener: () => void): void {
    this.drain = listener;
  }
  onClose(listener: () => void): void {
    this.close = listener;
  }

  get events() {
    return this.frames.map((frame) => {
      const { type, data } = fromBinary(EventStreamResponseSchema, frame.subarray(5));
      return data === undefined ? { type } : { type, data };
    });
  }
}

const ready = { type: "provider_ready", data: {} };
const changed = (flags: Record<string, string>) => ({
  type: "configuration_change",
  data: {
    flags: Object.fromEntries(Object.entries(flags).map(([key, type]) => [key, { type }])),
  },
});

function setUp(options: Partial<EvaluationServiceOptions> = {}) {
  const store = new FakeStore(viewOf([]));
  const service = createEvaluationService({
    store,
    context: fixedContext({}),
    contextFromHeader: new Map(),
    whenReady: Promise.resolve(),
    streamDeadlineMs: 0,
    record: () => {},
    ...options,
  });
  const open = async (headers = {}, path = "/flagd.evaluation.v1.Service/EventStream") => {
    const stream = new FakeStream();
    const method = service.streams.find((method) => method.path === path);
    if (method === undefined) throw new Error(`no stream ${path}`);
    method.open(new Uint8Array(0), headers, stream);
    await Promise.resolve();
    return stream;
  };
  return { store, service, open };
}

describe("a gRPC event stream", () => {
  test("begins with provider_ready, once the daemon is ready", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { open, store } = setUp({ whenReady: promise });
    const stream = await open();
    store.announce({ a: "write" });
    expect(stream.events).toEqual([]);
    resolve();
    await until("the first event", () => stream.frames.length > 0);
    expect(stream.events).toEqual([ready]);
  });

  test("is left alone when it was closed before the daemon was ready", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { open, store } = setUp({ whenReady: promise });
    const stream = await open();
    stream.close();
    resolve();
    await promise;
    await Promise.resolve();
    expect(stream.events).toEqual([]);
    expect(store.subscribers.size).toBe(0);
  });

  test("tells what changed, in one event for each change of the flags", async () => {
    const { open, store } = setUp();
    const stream = await open();
    store.announce({ a: "write", __proto__x: "update", b: "delete" });
    expect(stream.events).toEqual([
      ready,
      changed({ a: "write", __proto__x: "update", b: "delete" }),
    ]);
  });

  test("shares one encoded frame with all streams of the same selector", async () => {
    const { open, store } = setUp();
    const streams = [await open(), await open({ "flagd-selector": "" })];
    const selected = await open({ "flagd-selector": "flagSetId=A" });
    expect(store.subscribers.size).toBe(2);
    expect([...store.subscribers.values()]).toContainEqual({ flagSetId: "A" });
    store.announce({ a: "update" });
    expect(streams[0]?.frames[1]).toBe(streams[1]?.frames[1] as Uint8Array);
    expect(selected.events).toEqual([ready, changed({ a: "update" })]);
  });

  test("ends its subscription with its last stream", async () => {
    const { open, store } = setUp();
    const first = await open();
    const second = await open();
    first.close();
    expect(store.subscribers.size).toBe(1);
    second.close();
    expect(store.subscribers.size).toBe(0);
    store.announce({ a: "update" });
    expect(first.events).toEqual([ready]);
    const third = await open();
    store.announce({ b: "update" });
    expect(third.events).toEqual([ready, changed({ b: "update" })]);
  });

  test("is kept alive when there is nothing to say", async () => {
    const { open } = setUp({ keepAliveMs: 20 });
    const stream = await open();
    await until("three events", () => stream.frames.length >= 3);
    expect(stream.events.slice(0, 3)).toEqual([
      ready,
      { type: "keep_alive" },
      { type: "keep_alive" },
    ]);
    stream.close();
    const sent = stream.frames.length;
    await Bun.sleep(60);
    expect(stream.frames).toHaveLength(sent);
  });

  test("refuses an invalid selector and an invalid request", async () => {
    const { open, service } = setUp();
    const refused = open({ "flagd-selector": "bogus=1" });
    expect(refused).rejects.toMatchObject({ code: Code.InvalidArgument });
    const method = service.streams[0];
    const broken = () => method?.open(Uint8Array.of(0x0a), {}, new FakeStream());
    expect(broken).toThrow("unmarshal message: ");
  });

  test.each(["flagd.evaluation.v1", "flagd.evaluation.v2"])(
    "of %s ends at the server's deadline",
    async (name) => {
      const { open, store } = setUp({ streamDeadlineMs: 20 });
      const stream = await open({}, `/${name}.Service/EventStream`);
      await until("the end", () => stream.ended.length > 0);
      const error = ConnectError.from(stream.ended[0]);
      expect(error.code).toBe(Code.DeadlineExceeded);
      expect(error.rawMessage).toBe("stream closed due to server-side timeout");
      expect(store.subscribers.size).toBe(0);
    },
  );

  test("of schema.v1 knows no deadline", async () => {
    const { open } = setUp({ streamDeadlineMs: 10 });
    const v1 = await open();
    const stream = await open({}, "/schema.v1.Service/EventStream");
    await until("the end of the other", () => v1.ended.length > 0);
    await Bun.sleep(30);
    expect(stream.ended).toEqual([]);
    stream.close();
  });

  test("is told of the shutdown and ended, also when it is opened late", async () => {
    const { open, service, store } = setUp();
    const stream = await open();
    service.shutdown();
    expect(stream.events).toEqual([ready, { type: "provider_shutdown", data: {} }]);
    expect(stream.ended).toEqual([undefined]);
    expect(store.subscribers.size).toBe(0);
    const late = await open();
    expect(late.events).toEqual([{ type: "provider_shutdown", data: {} }]);
    expect(late.ended).toEqual([undefined]);
  });
});

describe("a slow reader of events", () => {
  test("gets what it missed in one event", async () => {
    const { open, store } = setUp();
    const stream = await open();
    const other = await open();
    stream.slow = true;
    store.announce({ a: "update" });
    store.announce({ a: "delete", b: "write", c: "write", d: "delete", e: "update" });
    store.announce({ b: "update", c: "delete", d: "write" });
    expect(stream.frames).toHaveLength(2);
    expect(other.frames).toHaveLength(4);
    stream.slow = false;
    stream.drain();
    expect(stream.events.slice(2)).toEqual([
      changed({ a: "delete", b: "write", d: "update", e: "update" }),
    ]);
    store.announce({ f: "write" });
    expect(stream.events.slice(3)).toEqual([changed({ f: "write" })]);
  });

  test("is told nothing of what came and went", async () => {
    const { open, store } = setUp();
    const stream = await open();
    stream.slow = true;
    store.announce({ a: "update" });
    store.announce({ b: "write" });
    store.announce({ b: "delete" });
    stream.drain();
    expect(stream.frames).toHaveLength(2);
  });

  test("shares the merged event with others that missed the same", async () => {
    const { open, store } = setUp();
    const streams = [await open(), await open()];
    for (const stream of streams) stream.slow = true;
    store.announce({ a: "update" });
    store.announce({ b: "update" });
    store.announce({ c: "update" });
    for (const stream of streams) stream.drain();
    expect(streams[0]?.events[2]).toEqual(changed({ b: "update", c: "update" }));
    expect(streams[0]?.frames[2]).toBe(streams[1]?.frames[2] as Uint8Array);
  });

  test("is dropped when it makes no progress, and not before", async () => {
    const { open, store } = setUp({ stallMs: 40 });
    const stream = await open();
    const fast = await open();
    stream.slow = true;
    store.announce({ a: "update" });
    stream.slow = false;
    stream.drain();
    await Bun.sleep(60);
    expect(stream.aborted).toBe(false);
    stream.slow = true;
    store.announce({ b: "update" });
    await until("the drop", () => stream.aborted);
    store.announce({ c: "update" });
    expect(stream.frames).toHaveLength(3);
    expect(fast.frames).toHaveLength(4);
    expect(store.subscribers.size).toBe(1);
  });

  test("is sent no keep_alive on top of what waits", async () => {
    const { open, store } = setUp({ keepAliveMs: 10 });
    const stream = await open();
    stream.slow = true;
    store.announce({ a: "update" });
    const sent = stream.frames.length;
    await Bun.sleep(40);
    expect(stream.frames).toHaveLength(sent);
    stream.close();
  });
});

describe("an event stream by Connect", () => {
  async function connect(options: Partial<EvaluationServiceOptions> = {}) {
    const set = setUp(options);
    const transport = createRouterTransport(await set.service.routes());
    const open = async (headers = {}, timeoutMs?: number, signal?: AbortSignal) => {
      const request = (async function* () {
        yield { $typeName: EventStreamRequestSchema.typeName };
      })();
      const method = V1.method.eventStream;
      const answer = await transport.stream(method, signal, timeoutMs, headers, request);
      return answer.message[Symbol.asyncIterator]();
    };
    return { ...set, open };
  }
  const next = async (events: AsyncIterator<{ type: string; data?: object | undefined }>) => {
    const { value, done } = await events.next();
    return done ? "end" : { type: value.type, ...(value.data && { data: value.data }) };
  };

  test("says the same as one by gRPC", async () => {
    const { open, store, service } = await connect();
    const events = await open();
    expect(await next(events)).toEqual(ready);
    const second = next(events);
    await until("the subscription", () => store.subscribers.size === 1);
    store.announce({ a: "write" });
    expect(await second).toEqual(changed({ a: "write" }));
    const third = next(events);
    service.shutdown();
    expect(await third).toEqual({ type: "provider_shutdown", data: {} });
    expect(await next(events)).toBe("end");
    expect(store.subscribers.size).toBe(0);
  });

  test("is ended by an invalid selector", async () => {
    const { open } = await connect();
    const events = await open({ "flagd-selector": "bogus=1" });
    expect(events.next()).rejects.toMatchObject({ code: Code.InvalidArgument });
  });

  test.each([
    ["server's", { streamDeadlineMs: 20 }, undefined],
    ["client's", {}, 20],
  ])("is ended by the %s deadline", async (_, options, timeoutMs) => {
    const { open, store } = await connect(options);
    const events = await open({}, timeoutMs);
    expect(await next(events)).toEqual(ready);
    const error = await next(events).catch((error: unknown) => ConnectError.from(error));
    expect(error).toMatchObject({ code: Code.DeadlineExceeded });
    await until("the end of the subscription", () => store.subscribers.size === 0);
  });

  test("leaves nothing behind when the client goes", async () => {
    const { open, store } = await connect();
    const client = new AbortController();
    const events = await open({}, undefined, client.signal);
    expect(await next(events)).toEqual(ready);
    const pending = next(events).catch(() => "gone");
    await until("the subscription", () => store.subscribers.size === 1);
    client.abort();
    expect(await pending).toBe("gone");
    await until("the end of the subscription", () => store.subscribers.size === 0);
  });
});
