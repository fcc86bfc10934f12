import { describe, expect, test } from "bun:test";
import { Code, RpcError } from "../../../../src/core/errors.ts";
import { frameMessage, unwrapMessage } from "../../../../src/transport/grpc/envelope.ts";
import { endStream, widen } from "../../../support/http2-peer.ts";
import { frame, frameType } from "../../../support/raw-client.ts";
import { message, nextTurns, path, reset, Scene } from "./scene.ts";

describe("a unary call", () => {
  const echo = () => new Scene({ unary: (message) => message });

  test("is answered, and told once to the observer", () => {
    const scene = echo().call(1);
    expect(scene.answers()).toEqual(["abc", 0]);
    expect(scene.records).toMatchObject([
      { path, stream: false, code: 0, requestBytes: 3, responseBytes: 3 },
    ]);
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
    expect(scene.context.receiving.empty).toBe(false);
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

describe("requests that are not complete", () => {
  const limit = 1 << 20;
  const echo = () => new Scene({ unary: (message) => message }, 4 * limit);
  const part = (id: number, bytes: number) => frame(frameType.data, 0, id, Buffer.alloc(bytes));

  test("may have sent so much on one connection; beyond it one is refused, the others go on", () => {
    const scene = echo();
    for (const id of [1, 3, 5]) scene.peer.open(id, 0).send(part(id, limit / 3));
    expect(scene.answers()).toEqual([]);
    scene.peer.open(7, 0).send(part(7, 10));
    expect(scene.answers()).toEqual([Code.ResourceExhausted]);
    expect(scene.records.map(({ code }) => code)).toEqual([Code.ResourceExhausted]);
    // What the refused one had sent is given up, though its client has not ended it.
    scene.peer.open(9, 0).send(part(9, 1));
    expect(scene.answers()).toEqual([]);
    scene.peer.send(reset(1));
    scene.peer.open(11, 0).send(part(11, limit / 3));
    expect(scene.answers()).toEqual([]);
  });

  test("that become complete do not count any more", () => {
    const scene = echo();
    const body = frameMessage(Buffer.alloc(limit / 2));
    for (const id of [1, 3, 5, 7, 9]) {
      scene.peer.open(id, 0).send(frame(frameType.data, 0, id, body.subarray(0, -1)));
      scene.peer.send(frame(frameType.data, endStream, id, body.subarray(-1)));
    }
    expect(scene.records.map(({ code }) => code)).toEqual(Array(5).fill(0));
  });
});

test("a large answer is compressed while others are served", async () => {
  const large = Buffer.from("abcdefgh".repeat(100_000));
  const scene = new Scene({ unary: () => large });
  scene.call(1, message, { "grpc-accept-encoding": "gzip" });
  expect(scene.frames()).toEqual([]);
  while (scene.records.length === 0) await nextTurns();
  const data = scene.peer.take().flatMap(({ type, payload }) => (type === 0 ? [payload] : []));
  expect(Buffer.from(unwrapMessage(Buffer.concat(data), "gzip", 1 << 20)).equals(large)).toBe(true);
  expect(scene.records).toMatchObject([{ code: 0, responseBytes: large.length }]);
});
