/** gRPC calls on streams of a connection without sockets. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { CallRecord } from "../../../src/core/calls.ts";
import { ExpiryQueue } from "../../../src/core/expiry.ts";
import { Code, RpcError } from "../../../src/core/rpc-error.ts";
import type { Expirable, TransportContext } from "../../../src/transport/context.ts";
import { StreamCall } from "../../../src/transport/grpc/stream-call.ts";
import { UnaryCall } from "../../../src/transport/grpc/unary-call.ts";
import { HpackDecoder } from "../../../src/transport/http2/hpack/decoder.ts";
import {
  frameMessage,
  type MessageStream,
  type UnaryMethod,
} from "../../../src/transport/method.ts";
import { endStream, Http2Peer, numberFrame, widen } from "../../support/http2-peer.ts";
import { frame, frameType } from "../../support/raw-client.ts";
import { rememberingLog } from "../../support/silent-log.ts";

const path = "/a/b";
const message = frameMessage(Buffer.from("abc"));

type Open = (message: Uint8Array, stream: MessageStream) => void;

/** A connection that serves one kind of method, and all that is told of its calls. */
class Scene {
  readonly log = rememberingLog();
  readonly records: CallRecord[] = [];
  readonly spans: ("ended" | "abandoned")[] = [];
  traced = 0;
  open = 0;
  readonly context: TransportContext = {
    log: this.log,
    maxBytes: 1000,
    hint: undefined,
    receiving: new ExpiryQueue<Expirable>(100, (one) => one.expire()),
    watch: {
      onCall: (record) => this.records.push(record),
      onOpen: (_method, _path, change) => {
        this.open += change;
      },
      trace: () => {
        this.traced++;
        return { end: (record) => this.spans.push(record ? "ended" : "abandoned") };
      },
    },
  };
  readonly peer: Http2Peer;

  constructor(method: { unary: UnaryMethod["call"] } | { stream: Open }) {
    const { context } = this;
    this.peer = new Http2Peer({
      serve: (stream) =>
        "unary" in method
          ? new UnaryCall(stream, { path, call: method.unary }, context)
          : new StreamCall(
              stream,
              { path, open: (message, _headers, messages) => method.stream(message, messages) },
              context,
            ),
    }).hello();
    this.peer.take();
  }

  call(id: number, body: Uint8Array = message, more: Record<string, string> = {}): this {
    this.peer.open(id, 0, more).send(frame(frameType.data, endStream, id, body));
    return this;
  }

  /** The types of the frames that arrived. */
  frames(): number[] {
    return this.peer.take().map(({ type }) => type);
  }

  /** What arrived: messages, statuses and resets, in order. */
  answers(): (string | number)[] {
    const decoder = new HpackDecoder();
    return this.peer.take().flatMap(({ type, payload }): (string | number)[] => {
      if (type === frameType.data) return [payload.toString("latin1", 5)];
      if (type === frameType.reset) return [`reset ${payload.readUInt32BE(0)}`];
      if (type !== frameType.headers) return [];
      const statuses: number[] = [];
      decoder.decode(payload, 0, payload.length, ({ name, value }) => {
        if (name === "grpc-status") statuses.push(Number(value));
      });
      return statuses;
    });
  }
}

/** Sees what was to be done in the next turn of the event loop, and what that leads to. */
const nextTurns = async () => {
  for (let n = 0; n < 3; n++) await new Promise(setImmediate);
};
const reset = (id: number) => numberFrame(frameType.reset, id, 8);

describe("a unary call", () => {
  const echo = () => new Scene({ unary: (message) => message });

  test("is answered, and told once to who watches", () => {
    const scene = echo().call(1);
    expect(scene.answers()).toEqual(["abc", 0]);
    expect(scene.records).toMatchObject([{ path, code: 0, requestBytes: 3, responseBytes: 3 }]);
    expect(scene.spans).toEqual(["ended"]);
  });

  test("with a large answer sends the very bytes of it", () => {
    const large = new Uint8Array(100_000).fill(65);
    const scene = new Scene({ unary: () => large });
    scene.peer.send(widen(0, 100_000));
    scene.call(1);
    scene.peer.send(widen(1, 100_000));
    const bytes = Buffer.concat(
      scene.peer.take().flatMap(({ type, payload }) => (type === 0 ? [payload] : [])),
    );
    expect(bytes.equals(frameMessage(large))).toBe(true);
    expect(scene.peer.connection.streams).toBe(0);
  });

  test("that is not complete expires, and one that is reset before does not", () => {
    const scene = echo();
    scene.peer.open(1, 0).open(3, 0).send(reset(3));
    expect(scene.context.receiving.size).toBe(1);
    scene.context.receiving.sweep(performance.now() + 200);
    expect(scene.answers()).toEqual([Code.DeadlineExceeded]);
    expect(scene.records.map(({ code }) => code)).toEqual([Code.DeadlineExceeded]);
    expect(scene.spans.sort()).toEqual(["abandoned", "ended"]);
    scene.peer.send(frame(frameType.data, endStream, 1, message));
    expect(scene.answers()).toEqual([]);
  });

  test("whose answer takes long is answered when it is there, and others wait for it", async () => {
    const answers: PromiseWithResolvers<Uint8Array>[] = [];
    const scene = new Scene({
      unary: () => {
        const answer = Promise.withResolvers<Uint8Array>();
        answers.push(answer);
        return answer.promise;
      },
    });
    scene.call(1).call(3).call(5);
    expect([answers.length, scene.answers()]).toEqual([1, []]);
    answers[0]?.resolve(Buffer.from("one"));
    await nextTurns();
    expect([answers.length, scene.answers()]).toEqual([2, ["one", 0]]);
    answers[1]?.reject(new RpcError("no", Code.NotFound));
    await nextTurns();
    expect([answers.length, scene.answers()]).toEqual([3, [Code.NotFound]]);
    expect(scene.records.map(({ code }) => code)).toEqual([0, Code.NotFound]);
  });

  test("whose answer takes long is told when nobody wants it any more", async () => {
    let unwanted: (() => boolean) | undefined;
    const { promise, reject } = Promise.withResolvers<Uint8Array>();
    const scene = new Scene({
      unary: (_message, _headers, ask) => {
        unwanted = ask;
        return promise;
      },
    }).call(1);
    expect(unwanted?.()).toBe(false);
    scene.peer.send(reset(1));
    expect(unwanted?.()).toBe(true);
    reject(new Error("wanted no more"));
    await nextTurns();
    expect([scene.answers(), scene.spans, scene.log.entries]).toEqual([[], ["abandoned"], []]);
  });

  test("that fails is answered with headers before the trailers, or clients try again", () => {
    for (const code of Object.values(Code)) {
      const scene = new Scene({
        unary: () => {
          throw new RpcError("no", code);
        },
      });
      // Trying again is right when the server is not ready.
      const headersOnly = code === Code.Unavailable;
      const { headers } = frameType;
      expect(scene.call(1).frames()).toEqual(headersOnly ? [headers] : [headers, headers]);
    }
  });

  test("that fails before its message is read is answered alike", () => {
    const { headers } = frameType;
    const scene = echo();
    scene.peer.take();
    expect(scene.call(1, message, { "grpc-encoding": "br" }).frames()).toEqual([headers, headers]);
    expect(scene.call(3, message, { "grpc-timeout": "soon" }).frames()).toEqual([headers, headers]);
    expect(scene.call(5, Buffer.alloc(3)).frames()).toEqual([headers, headers]);
    expect(scene.call(7, Buffer.alloc(1500)).frames()).toEqual([headers, headers]);
  });

  test("that fails unexpectedly says nothing of why, and logs it", () => {
    const scene = new Scene({
      unary: () => {
        throw new Error("a secret");
      },
    }).call(1);
    expect(scene.answers()).toEqual([Code.Internal]);
    expect(scene.log.entries.length).toBe(1);
  });
});

describe("a streaming call", () => {
  const failure = new RpcError("no", Code.NotFound);

  test.each<[string, Open, (string | number)[]]>([
    ["that ends at once", (_, stream) => stream.end(), [0]],
    [
      "that sends and ends",
      (_, stream) => {
        stream.send(message);
        stream.end();
        stream.send(message);
        stream.end(failure);
      },
      ["abc", 0],
    ],
    ["that ends with an error", (_, stream) => stream.end(failure), [Code.NotFound]],
    [
      "that throws",
      () => {
        throw failure;
      },
      [Code.NotFound],
    ],
    [
      "that throws after it has sent",
      (_, stream) => {
        stream.send(message);
        throw new Error("a secret");
      },
      ["abc", Code.Internal],
    ],
    [
      "that aborts",
      (_, stream) => {
        stream.send(message);
        stream.abort();
        stream.send(message);
        stream.end();
      },
      ["abc", "reset 8"],
    ],
    [
      "that ends when it is told that it has ended",
      (_, stream) => {
        stream.onClose(() => {
          stream.send(message);
          stream.end();
          stream.abort();
        });
        stream.end();
      },
      [0],
    ],
  ])("%s", (_what, open, expected) => {
    const scene = new Scene({ stream: open }).call(1);
    expect(scene.answers()).toEqual(expected);
    expect([scene.open, scene.peer.connection.streams]).toEqual([0, 0]);
    expect(scene.records.length).toBe(1);
    expect(scene.peer.failures).toEqual([]);
  });

  test("that fails before it has sent is answered with headers before the trailers", () => {
    const scene = new Scene({ stream: (_, stream) => stream.end(failure) }).call(1);
    expect(scene.frames()).toEqual([frameType.headers, frameType.headers]);
  });

  test("that is given a listener too late tells it at once", () => {
    let closes = 0;
    new Scene({
      stream: (_, stream) => {
        stream.end();
        stream.onClose(() => closes++);
      },
    }).call(1);
    expect(closes).toBe(1);
  });

  test("ends at its deadline, a malformed one at once", async () => {
    const scene = new Scene({ stream: () => {} });
    scene.call(1, message, { "grpc-timeout": "soon" });
    expect(scene.answers()).toEqual([Code.InvalidArgument]);
    scene.call(3, message, { "grpc-timeout": "5m" });
    await Bun.sleep(50);
    expect(scene.answers()).toEqual([Code.DeadlineExceeded]);
    expect(scene.open).toBe(0);
  });
});

test("whatever becomes of calls, who watches is told of each end once", () => {
  const bodies = fc.constantFrom<Uint8Array>(message, new Uint8Array(3), new Uint8Array(2000));
  const step = fc.record({
    call: fc.nat(7),
    what: fc.constantFrom(
      "open",
      "body",
      "body",
      "end",
      "reset",
      "send",
      "finish",
      "fail",
      "abort",
    ),
    body: bodies,
  });
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 60 }), (unary, steps) => {
      const streams: MessageStream[] = [];
      let closes = 0;
      const scene = new Scene(
        unary
          ? { unary: (message) => message }
          : {
              stream: (_message, stream) => {
                streams.push(stream);
                stream.onClose(() => closes++);
              },
            },
      );
      let opened = 0;
      const id = (call: number) => 1 + 2 * (call % Math.max(opened, 1));
      const ended = new Set<number>();
      for (const { call, what, body } of steps) {
        const stream = streams[call % Math.max(streams.length, 1)];
        if (what === "open") scene.peer.open(1 + 2 * opened++, 0);
        else if (what === "send") stream?.send(message);
        else if (what === "finish") stream?.end();
        else if (what === "fail") stream?.end(new RpcError("no", Code.Aborted));
        else if (what === "abort") stream?.abort();
        else if (opened > 0 && !ended.has(id(call))) {
          const flags = what === "end" ? endStream : 0;
          if (what !== "body") ended.add(id(call));
          if (what === "reset") scene.peer.send(reset(id(call)));
          else scene.peer.send(frame(frameType.data, flags, id(call), body));
        }
      }
      scene.peer.connection.close();
      expect(scene.open).toBe(0);
      expect(scene.context.receiving.size).toBe(0);
      expect(closes).toBe(streams.length);
      expect([scene.traced, scene.spans.length]).toEqual([opened, opened]);
      expect(scene.records.length).toBe(scene.spans.filter((end) => end === "ended").length);
      expect(scene.peer.failures).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
