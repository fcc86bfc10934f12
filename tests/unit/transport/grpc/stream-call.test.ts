import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Code, RpcError } from "../../../../src/core/errors.ts";
import type { MessageStream } from "../../../../src/transport/listener.ts";
import { endStream } from "../../../support/http2-peer.ts";
import { frame, frameType } from "../../../support/raw-client.ts";

import { message, type Open, reset, Scene } from "./scene.ts";

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
    expect(scene.records).toMatchObject([{ stream: true }]);
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

test("whatever becomes of calls, the observer is told of each end once", () => {
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
      expect(scene.context.receiving.empty).toBe(true);
      expect(closes).toBe(streams.length);
      expect([scene.traced, scene.spans.length]).toEqual([opened, opened]);
      expect(scene.records.length).toBe(scene.spans.filter((end) => end === "ended").length);
      expect(scene.peer.failures).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
