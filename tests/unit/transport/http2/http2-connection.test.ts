import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { errorCode } from "../../../../src/transport/http2/frames.ts";
import { HpackDecoder } from "../../../../src/transport/http2/hpack/decoder.ts";
import { encodeBlock } from "../../../../src/transport/http2/hpack/encoder.ts";
import type { Http2Stream } from "../../../../src/transport/http2/http2-stream.ts";
import {
  cancelledCalls,
  idleFrames,
  maxHeldAnswerBytes,
} from "../../../../src/transport/limits.ts";
import {
  endHeaders,
  endStream,
  Http2Peer,
  numberFrame,
  settingsFrame,
  widen,
} from "../../../support/http2-peer.ts";
import {
  frame,
  frameType,
  grpcHeaders,
  headerBlock,
  preface,
} from "../../../support/raw-client.ts";

const ok = encodeBlock({ ":status": 200 });
const trailers = encodeBlock({ "grpc-status": 0 });
const mib = 1 << 20;
const ack = 1;
const types = (peer: Http2Peer) => peer.take().map(({ type }) => type);
const data = (id: number, size: number, flags = 0) =>
  frame(frameType.data, flags, id, Buffer.alloc(size));
const reset = (id: number) => numberFrame(frameType.reset, id, errorCode.cancel);
/** Sees setImmediate callbacks that were there before. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a connection", () => {
  test("begins with its settings and a window of 1 MiB, and acknowledges the client's", () => {
    const peer = new Http2Peer({ maxConcurrentStreams: 250, maxHeaderBytes: 1000 });
    peer.hello({ 4: 1 });
    const [settings, update, acknowledged] = peer.take();
    expect(settings?.payload).toEqual(
      settingsFrame({ 3: 250, 4: mib, 5: mib, 6: 1000 }).subarray(9),
    );
    expect(update?.payload.readUInt32BE(0)).toBe(mib - 65_535);
    expect(acknowledged).toMatchObject({ type: frameType.settings, flags: ack });
  });

  test("answers in one write what arrives in one piece", () => {
    const serve = (stream: { reply(a: Uint8Array, b: Uint8Array, c: Uint8Array): void }) => ({
      data: () => stream.reply(ok, new Uint8Array(5), trailers),
      closed: () => {},
    });
    const peer = new Http2Peer({ serve }).hello();
    const before = peer.writes;
    const request = (id: number) =>
      frame(frameType.headers, endHeaders | endStream, id, grpcHeaders("/a/b"));
    peer.send(...[1, 3, 5, 7].map(request));
    expect(peer.writes - before).toBe(1);
    expect(types(peer).length).toBe(3 + 4 * 3);
  });

  test("gives handlers the pieces of a body, and says once that more is to come", () => {
    const peer = new Http2Peer().hello().open(1, 0);
    const handler = peer.handler(1);
    expect(handler.partials).toBe(1);
    peer.send(data(1, 3), data(1, 0), data(1, 4, endStream));
    expect(handler.received.map(({ length }) => length)).toEqual([3, 4]);
    expect([handler.ended, handler.partials]).toEqual([true, 1]);
    expect(handler.closes).toBe(0);
  });

  test("takes trailers for the end of a body", () => {
    const peer = new Http2Peer().hello().open(1, 0);
    peer.send(frame(frameType.headers, endHeaders | endStream, 1, headerBlock({ "x-sum": "1" })));
    expect(peer.handler(1).ended).toBe(true);
  });

  test("pays back what it receives, half a window at a time", () => {
    const peer = new Http2Peer().hello().open(1, 0);
    peer.take();
    let paid = 0;
    let streamPaid = 0;
    for (let n = 0; n < 40; n++) {
      peer.send(data(1, 100_000));
      for (const { type, stream, payload } of peer.take()) {
        expect(type).toBe(frameType.windowUpdate);
        if (stream === 0) paid += payload.readUInt32BE(0);
        else streamPaid += payload.readUInt32BE(0);
      }
    }
    expect(4_000_000 - paid).toBeLessThan(mib / 2);
    expect(4_000_000 - streamPaid).toBeLessThan(mib / 2);
  });

  test("pays for a held stream only as told, but for its padding", () => {
    const peer = new Http2Peer({ maxHeaderBytes: 1000 }).hello().open(1, 0);
    const stream = peer.stream(1);
    stream.holdWindow();
    peer.take();
    const padded = Buffer.concat([Buffer.from([200]), Buffer.alloc(250)]);
    peer.send(frame(frameType.data, 8, 1, padded));
    const [update] = peer.take();
    expect(update).toMatchObject({ type: frameType.windowUpdate, stream: 1 });
    expect(update?.payload.readUInt32BE(0)).toBe(201);
    peer.send(data(1, 600_000));
    expect(peer.take().filter(({ stream }) => stream === 1)).toEqual([]);
    peer.send(data(1, 500_000));
    expect(peer.takeCode(frameType.reset)).toBe(errorCode.flowControl);
    expect(peer.handler(1).closes).toBe(1);
  });
});

describe("a client that makes the table of its decoder smaller", () => {
  const fields = (block: Buffer) => {
    const names: string[] = [];
    new HpackDecoder().decode(block, 0, block.length, ({ name }) => names.push(name));
    return names;
  };
  /** The first bytes of the header blocks of an answer with trailers. */
  const blocks = (peer: Http2Peer, id: number) => {
    peer.open(id);
    peer.stream(id).reply(ok, new Uint8Array(3), trailers);
    const headers = peer.take().filter(({ type }) => type === frameType.headers);
    for (const { payload } of headers) expect(fields(payload).length).toBe(1);
    return headers.map(({ payload }) => payload[0]);
  };
  const empty = 0x20;
  const plain = [ok[0], trailers[0]];

  test.each<[string, Record<number, number>[]]>([
    ["to nothing", [{ 1: 0 }]],
    ["a little", [{ 1: 4095 }]],
    ["twice", [{ 1: 1000 }, { 1: 10 }]],
    ["and larger again before the next answer", [{ 1: 0 }, { 1: 4096 }]],
  ])("%s is told in the next header block alone that the table is empty", (_how, changes) => {
    const peer = new Http2Peer().hello();
    peer.send(...changes.map(settingsFrame));
    expect(blocks(peer, 1)).toEqual([empty, plain[1]]);
    expect(blocks(peer, 3)).toEqual(plain);
    peer.send(settingsFrame({ 1: 100_000 }), settingsFrame({ 1: 0 }));
    expect(blocks(peer, 5)).toEqual(plain);
  });

  test("in its first settings is told in the first answer", () => {
    expect(blocks(new Http2Peer().hello({ 1: 0 }), 1)).toEqual([empty, plain[1]]);
  });

  test("between headers and trailers is told in the trailers", () => {
    const peer = new Http2Peer().hello({ 4: 0 }).open(1);
    peer.stream(1).reply(ok, new Uint8Array(3), trailers);
    peer.send(settingsFrame({ 1: 0 }));
    peer.take();
    peer.send(widen(1, 3));
    const [, block] = peer.take();
    expect([...(block?.payload ?? [])]).toEqual([empty, ...trailers]);
  });

  test("is told in a refusal as well", () => {
    const peer = new Http2Peer({ maxHeaderBytes: 200 }).hello({ 1: 0 });
    peer.open(1, endStream, { "x-large": "x".repeat(300) });
    const block = peer.take().find(({ type }) => type === frameType.headers);
    expect(block?.payload[0]).toBe(empty);
  });

  test("or larger is told nothing", () => {
    expect(blocks(new Http2Peer().hello({ 1: 100_000 }), 1)).toEqual(plain);
    expect(blocks(new Http2Peer().hello({ 1: 4096 }), 1)).toEqual(plain);
  });
});

describe("a client that asks for nothing, without end", () => {
  const calm = errorCode.enhanceYourCalm;
  const ping = frame(frameType.ping, 0, 0, Buffer.alloc(8));

  test.each<[string, Uint8Array]>([
    ["empty DATA", data(1, 0)],
    ["DATA of padding alone", frame(frameType.data, 8, 1, Buffer.from([2, 0, 0]))],
    ["PING", ping],
    ["SETTINGS", settingsFrame({ 4: 1 })],
    ["PRIORITY", frame(2, 0, 1, Buffer.from([0, 0, 0, 0, 1]))],
    ["WINDOW_UPDATE", widen(1, 1)],
    ["WINDOW_UPDATE of a stream that is over", widen(3, 1)],
  ])("by %s is cut off, and one that has long done so slowly is not", (_what, bytes) => {
    let now = 0;
    const peer = new Http2Peer({ now: () => now }).hello().open(1, 0).open(3).send(reset(3));
    for (let n = 0; n < 3 * idleFrames.burst; n++) {
      now += 1000 / idleFrames.perSecond;
      peer.send(bytes);
    }
    expect(peer.ended).toBe(false);
    now += 60_000;
    for (let n = 0; n < idleFrames.burst; n++) peer.send(bytes);
    expect(peer.ended).toBe(false);
    peer.send(bytes);
    expect(peer.takeCode(frameType.goAway)).toBe(calm);
    expect(peer.ended).toBe(true);
  });

  test.each<[string, (peer: Http2Peer, id: number) => unknown]>([
    ["opens and resets", (peer, id) => peer.open(id, 0).send(reset(id))],
    ["asks and resets", (peer, id) => peer.open(id).send(reset(id))],
    ["has its streams reset", (peer, id) => peer.open(id, 0).send(widen(id, 0))],
    ["asks for more than it may", (peer, id) => peer.open(id, 0, { connection: "close" })],
  ])("one that %s is cut off", (_what, cancel) => {
    const peer = new Http2Peer().hello();
    for (let n = 0; n < cancelledCalls.burst; n++) cancel(peer, 1 + 2 * n);
    expect(peer.ended).toBe(false);
    cancel(peer, 1 + 2 * cancelledCalls.burst);
    expect(peer.takeCode(frameType.goAway)).toBe(calm);
  });

  test("one that is answered may reset what is answered, pay and ping as it likes", () => {
    const serve = (stream: Http2Stream) => {
      stream.reply(ok, new Uint8Array(3), trailers);
      return { data: () => {}, closed: () => {} };
    };
    const peer = new Http2Peer({ serve }).hello();
    for (let n = 0; n < 2 * idleFrames.burst; n++) {
      const id = 1 + 2 * n;
      peer.open(id, 0).send(widen(0, 3), widen(id, 3), ping, reset(id));
      peer.take();
    }
    expect(peer.ended).toBe(false);
  });
});

describe("a client that does not read its answers", () => {
  const large = maxHeldAnswerBytes / 4;

  /** Answers each request, when it is complete, with as much. */
  function peerOf(): { peer: Http2Peer; served: number[] } {
    const served: number[] = [];
    const serve = (stream: Http2Stream) => ({
      data(_: Buffer, end: boolean) {
        if (!end) return;
        served.push(stream.id);
        stream.reply(ok, new Uint8Array(large), trailers);
      },
      closed: () => {},
    });
    const peer = new Http2Peer({ serve }).hello({ 4: 0 });
    peer.send(widen(0, 2 ** 31 - 1 - 65_535));
    return { peer, served };
  }
  const requests = Array.from({ length: 20 }, (_, n) => 1 + 2 * n);
  const readAll = (peer: Http2Peer, id: number) => peer.send(widen(id, large));

  test("gets no more of them, until it does", async () => {
    const { peer, served } = peerOf();
    for (const id of requests) peer.open(id, 0).send(data(id, 5, endStream));
    expect(served.length).toBe(5);
    expect(peer.connection.streams).toBe(20);
    for (const id of requests) {
      await turn();
      readAll(peer, id);
    }
    expect(served).toEqual(requests);
    expect(peer.connection.streams).toBe(0);
  });

  test("gets more when it gives one up, and none for what it has given up", async () => {
    const { peer, served } = peerOf();
    for (const id of requests) peer.open(id);
    peer.send(reset(11), reset(15), reset(1));
    await turn();
    expect(served).toEqual([1, 3, 5, 7, 9, 13]);
    expect(peer.connection.streams).toBe(17);
  });

  test("may still begin other requests and read events", async () => {
    const { peer, served } = peerOf();
    for (const id of requests.slice(0, 6)) peer.open(id);
    peer.open(101, 0);
    readAll(peer, 1);
    await turn();
    expect(served).toEqual([1, 3, 5, 7, 9, 11]);
  });

  test("waits while one of them is being made in turns", async () => {
    const work = Promise.withResolvers<void>();
    const served: number[] = [];
    const serve = (stream: Http2Stream) => ({
      data() {
        served.push(stream.id);
        if (served.length === 1) stream.prepare(work.promise);
      },
      closed: () => {},
    });
    const peer = new Http2Peer({ serve }).hello().open(1).open(3).open(5);
    expect(served).toEqual([1]);
    work.resolve();
    await turn();
    await turn();
    expect(served).toEqual([1, 3, 5]);
    expect(peer.ended).toBe(false);
  });
});

describe("a handler that throws", () => {
  const failure = new Error("of a handler");
  const fail = () => {
    throw failure;
  };

  test.each<[string, (peer: Http2Peer) => unknown]>([
    ["in data", (peer) => (peer.handler(1).data = fail)],
    ["in partial", (peer) => (peer.handler(1).partial = fail)],
    ["in closed", (peer) => (peer.handler(1).closed = fail)],
    ["in drained", (peer) => (peer.handler(1).drained = fail)],
  ])("%s costs its stream alone", (_where, spoil) => {
    const peer = new Http2Peer();
    peer.hello({ 4: 10 }).open(1, 0).open(3);
    spoil(peer);
    peer.stream(1).write(new Uint8Array(20));
    peer.handler(1).stream.partial();
    peer.send(data(1, 1), widen(1, 100)).send(reset(1));
    expect(new Set(peer.failures)).toEqual(new Set([failure]));
    expect(peer.stream(1).closed).toBe(true);
    peer.stream(3).reply(ok, new Uint8Array(3), trailers);
    expect(peer.handler(3).closes).toBe(1);
    expect(peer.ended).toBe(false);
  });

  test("when it is made costs its stream alone", () => {
    const peer = new Http2Peer({ serve: fail }).hello().open(1).open(3);
    expect(peer.failures).toEqual([failure, failure]);
    expect(peer.connection.streams).toBe(0);
    expect(peer.ended).toBe(false);
  });

  test("when the connection closes keeps no other from being told", () => {
    const peer = new Http2Peer().hello().open(1).open(3);
    peer.handler(1).closed = fail;
    peer.connection.close();
    expect(peer.handler(3).closes).toBe(1);
  });
});

describe("a stream", () => {
  test("whose answer is complete before its request lingers, and takes what is on its way", () => {
    const peer = new Http2Peer().hello().open(1, 0);
    peer.stream(1).answer(ok);
    expect(peer.handler(1).closes).toBe(1);
    expect(peer.events.at(-1)).toBe("lingering 1");
    peer.send(data(1, 100));
    expect(peer.handler(1).received).toEqual([]);
    expect(peer.connection.streams).toBe(1);
    peer.send(data(1, 0, endStream));
    expect(peer.connection.streams).toBe(0);
    expect([peer.handler(1).closes, peer.ended]).toEqual([1, false]);
  });

  test("that lingers is reset without an error when its client goes on and on", () => {
    for (const held of [false, true]) {
      const peer = new Http2Peer().hello().open(1, 0);
      if (held) peer.stream(1).holdWindow();
      peer.stream(1).answer(ok);
      peer.take();
      peer.send(data(1, 300_000), data(1, 300_000));
      expect(peer.takeCode(frameType.reset)).toBe(errorCode.none);
      peer.send(data(1, 1000), data(1, 0, endStream));
      expect(peer.ended).toBe(false);
    }
  });

  test("that is over does nothing more", () => {
    const peer = new Http2Peer().hello().open(1).send(reset(1));
    peer.take();
    const stream = peer.stream(1);
    stream.respond(ok);
    stream.answer(ok);
    stream.reply(ok, new Uint8Array(1), trailers);
    expect(stream.write(new Uint8Array(1))).toBe(true);
    stream.end();
    stream.reset();
    stream.credit(7);
    expect(peer.take()).toEqual([]);
    expect(peer.handler(1).closes).toBe(1);
    expect(stream.aborted).toBe(true);
  });

  test("sends its headers once, and nothing after its end", () => {
    const peer = new Http2Peer().hello().open(1);
    peer.take();
    const stream = peer.stream(1);
    stream.respond(ok);
    stream.respond(ok);
    stream.reply(ok, new Uint8Array(1), trailers);
    stream.end();
    stream.write(new Uint8Array(5));
    stream.end();
    expect(types(peer)).toEqual([frameType.headers, frameType.data]);
  });

  test.each<[string, string, number[], number, boolean]>([
    ["short", "5", [4], endStream, false],
    ["long", "5", [3, 3], endStream, false],
    ["exact", "5", [3, 2], endStream, true],
    ["exact, its end apart", "5", [5, 0], endStream, true],
    ["missing", "5", [0], endStream, false],
    ["empty", "0", [0], endStream, true],
  ])("whose body is %s by its content-length", (_what, length, sizes, flags, good) => {
    const peer = new Http2Peer().hello().open(1, 0, { "content-length": length });
    peer.take();
    sizes.forEach((size, n) => {
      peer.send(data(1, size, n === sizes.length - 1 ? flags : 0));
    });
    expect(peer.handler(1).ended).toBe(good);
    expect(peer.takeCode(frameType.reset)).toBe(good ? undefined : errorCode.protocol);
  });

  test("beyond the limit is refused, and told so that it may be tried again", () => {
    const peer = new Http2Peer({ maxConcurrentStreams: 2 }).hello().open(1).open(3);
    peer.take();
    expect(peer.open(5, 0).takeCode(frameType.reset)).toBe(errorCode.refusedStream);
    peer.send(data(5, 10), reset(5));
    peer.stream(1).answer(ok);
    peer.take();
    expect(peer.open(7).takeCode(frameType.reset)).toBeUndefined();
    expect(peer.ended).toBe(false);
  });

  test("that is reset while somebody works for it counts until the work is done", async () => {
    const finish: (() => void)[] = [];
    const served: number[] = [];
    const peer = new Http2Peer({
      maxConcurrentStreams: 3,
      serve: (stream) => {
        served.push(stream.id);
        stream.occupy(new Promise<void>((resolve) => finish.push(resolve)));
        return { data: () => {}, closed: () => {} };
      },
    }).hello();
    for (let id = 1; id < 200; id += 2) peer.open(id).send(reset(id));
    expect(served).toEqual([1, 3, 5]);
    for (const one of finish) one();
    await turn();
    peer.open(201).open(203).open(205);
    expect(served).toEqual([1, 3, 5, 201, 203, 205]);
    for (const one of finish) one();
    await turn();
    expect(peer.take().filter(({ type }) => type === frameType.goAway)).toEqual([]);
  });

  test("with headers over the limit is answered 431, and its body passed over", () => {
    const peer = new Http2Peer({ maxHeaderBytes: 300 }).hello();
    peer.take();
    peer.open(1, 0, { long: "x".repeat(300) });
    const [headers, end] = peer.take();
    expect(headers).toMatchObject({ type: frameType.headers, flags: endHeaders | endStream });
    expect(headers?.payload.toString("latin1")).toContain("431");
    expect(end?.payload.readUInt32BE(0)).toBe(errorCode.none);
    peer.send(data(1, 100, endStream));
    expect(peer.ended).toBe(false);
  });
});

describe("the end of a connection", () => {
  test("is announced, and comes once the client has heard of it if nothing is open", () => {
    const peer = new Http2Peer().hello();
    peer.take();
    peer.connection.drain();
    peer.connection.drain();
    const [goAway, ping, ...more] = peer.take();
    expect(goAway).toMatchObject({ type: frameType.goAway });
    expect([...(goAway?.payload ?? [])]).toEqual([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    expect(ping).toMatchObject({ type: frameType.ping, flags: 0 });
    expect(more).toEqual([]);
    expect(peer.ended).toBe(false);
    peer.send(frame(frameType.ping, ack, 0, Buffer.alloc(8)));
    expect(peer.ended).toBe(false);
    peer.send(frame(frameType.ping, ack, 0, ping?.payload ?? Buffer.alloc(8)));
    expect(peer.takeCode(frameType.goAway)).toBe(errorCode.none);
    expect(peer.ended).toBe(true);
  });

  test("is served streams that were on their way, also if none was open", async () => {
    const peer = new Http2Peer().hello();
    peer.take();
    peer.connection.drain();
    const ping = peer.take().find(({ type }) => type === frameType.ping);
    peer.open(1);
    peer.send(frame(frameType.ping, ack, 0, ping?.payload ?? Buffer.alloc(8)));
    expect(peer.take()[0]?.payload.readUInt32BE(0)).toBe(1);
    peer.stream(1).answer(ok);
    expect(types(peer)).toEqual([frameType.headers]);
    await turn();
    expect(peer.ended).toBe(true);
  });

  test("waits for the streams that are open, and takes no others", async () => {
    const peer = new Http2Peer().hello({ 4: 5 }).open(1);
    peer.take();
    peer.connection.drain();
    peer.open(3, 0);
    peer.connection.refuseMore();
    peer.connection.refuseMore();
    const goAways = peer.take().filter(({ type }) => type === frameType.goAway);
    expect(goAways.map(({ payload }) => payload.readUInt32BE(0))).toEqual([0x7fff_ffff, 3]);
    expect(peer.open(5).takeCode(frameType.reset)).toBe(errorCode.refusedStream);
    peer.stream(1).reply(ok, new Uint8Array(20), trailers);
    peer.stream(3).answer(ok);
    await turn();
    expect(peer.ended).toBe(false);
    peer.send(data(3, 0, endStream), widen(1, 15));
    await turn();
    expect(peer.ended).toBe(true);
    expect(types(peer).at(-1)).toBe(frameType.headers);
  });

  test("tells every stream once, and is the last that is sent", () => {
    const peer = new Http2Peer().hello().open(1).open(3, 0);
    peer.take();
    peer.send(frame(frameType.ping, 0, 1, Buffer.alloc(8)), data(3, 5));
    expect(types(peer)).toEqual([frameType.goAway]);
    for (const id of [1, 3]) {
      peer.stream(id).answer(ok);
      expect(peer.handler(id).closes).toBe(1);
    }
    peer.send(data(3, 5));
    peer.connection.drained();
    expect(peer.take()).toEqual([]);
    expect(peer.handler(3).received).toEqual([]);
  });

  test.each<[string, Uint8Array[], number]>([
    [
      "no settings first",
      [preface, frame(frameType.ping, 0, 0, Buffer.alloc(8))],
      errorCode.protocol,
    ],
    ["an acknowledgement first", [preface, frame(frameType.settings, 1, 0)], errorCode.protocol],
  ])("comes with %s", (_what, parts, code) => {
    expect(new Http2Peer().send(...parts).takeCode(frameType.goAway)).toBe(code);
  });

  const headers = (id: number, flags: number) =>
    frame(frameType.headers, flags, id, grpcHeaders("/a/b"));
  test.each<[string, Uint8Array[], number]>([
    ["an even stream", [headers(2, endHeaders)], errorCode.protocol],
    ["a push", [frame(5, 4, 1, Buffer.alloc(9))], errorCode.protocol],
    ["an interrupted header block", [headers(1, 0), data(1, 1)], errorCode.protocol],
    ["a header block continued elsewhere", [headers(1, 0), frame(9, 4, 3)], errorCode.protocol],
    ["a continuation of nothing", [frame(9, 4, 1)], errorCode.protocol],
    ["data on no stream yet", [data(1, 1)], errorCode.protocol],
    [
      "data after the end",
      [headers(1, endHeaders | endStream), data(1, 1)],
      errorCode.streamClosed,
    ],
    ["a reset of no stream yet", [reset(1)], errorCode.protocol],
    ["a window of no stream yet", [widen(1, 1)], errorCode.protocol],
    ["WINDOW_UPDATE with an increment of 0", [widen(0, 0)], errorCode.protocol],
    ["a window larger than 2^31-1", [widen(0, 0x7fff_ffff)], errorCode.flowControl],
    [
      "windows beyond 2^31-1 by a setting",
      [headers(1, endHeaders), widen(1, 1000), settingsFrame({ 4: 0x7fff_ffff })],
      errorCode.flowControl,
    ],
    [
      "more data than the window allows",
      [headers(1, endHeaders), data(1, 500_000), data(1, 600_000)],
      errorCode.flowControl,
    ],
    ["what cannot be decompressed", [frame(1, 5, 1, Buffer.from([0x80]))], errorCode.compression],
    [
      "a header block without an end",
      [headers(1, 0), ...Array.from({ length: 2000 }, () => frame(9, 0, 1))],
      errorCode.enhanceYourCalm,
    ],
  ])("comes with %s", (_what, parts, code) => {
    const peer = new Http2Peer().hello().send(...parts);
    expect(peer.takeCode(frameType.goAway)).toBe(code);
    expect(peer.ended).toBe(true);
  });

  test("does not come with errors of a stream", () => {
    const peer = new Http2Peer().hello();
    for (const [id, bytes] of [
      [1, widen(1, 0)],
      [3, widen(3, 0x7fff_ffff)],
      [5, headers(5, endHeaders)],
      [7, frame(frameType.headers, endHeaders | endStream, 7, headerBlock({ ":path": "/" }))],
    ] as const) {
      peer.open(id, 0).take();
      expect(peer.send(bytes).takeCode(frameType.reset)).toBeGreaterThan(0);
    }
    expect(peer.ended).toBe(false);
  });

  test("comes with a ping too many, which is answered all the same", () => {
    let pings = 0;
    const peer = new Http2Peer({ events: { onPing: () => ++pings < 3 } }).hello();
    peer.take();
    const ping = frame(frameType.ping, 0, 0, Buffer.from("12345678"));
    peer.send(frame(frameType.ping, 1, 0, Buffer.alloc(8)), ping, ping, ping, ping);
    const frames = peer.take();
    expect(frames.map(({ type }) => type)).toEqual([6, 6, 6, frameType.goAway]);
    expect(frames[0]).toMatchObject({ flags: 1, payload: Buffer.from("12345678") });
    expect(frames[3]?.payload.toString("latin1", 8)).toBe("too_many_pings");
  });
});

describe("what is unfinished", () => {
  const states = (peer: Http2Peer) => peer.events.filter((event) => event.endsWith("finished"));

  test("is announced once, and when it is complete", () => {
    const peer = new Http2Peer().hello().open(1, 0);
    const bytes = data(1, 100);
    peer.send(bytes.subarray(0, 1)).send(bytes.subarray(1, 50));
    expect(states(peer)).toEqual(["unfinished"]);
    peer.send(bytes.subarray(50));
    expect(states(peer)).toEqual(["unfinished", "finished"]);
  });

  test("is announced anew if it is another frame", () => {
    const peer = new Http2Peer().hello().open(1, 0);
    const bytes = data(1, 100);
    peer.send(bytes.subarray(0, 50)).send(bytes.subarray(50), bytes.subarray(0, 9));
    expect(states(peer)).toEqual(["unfinished", "unfinished"]);
  });

  test("is also a header block, however many frames of it arrive", () => {
    const peer = new Http2Peer().hello();
    const block = grpcHeaders("/a/b");
    peer.send(frame(frameType.headers, 0, 1, block.subarray(0, 5)));
    for (let at = 5; at < 20; at++) {
      const part = frame(frameType.continuation, 0, 1, block.subarray(at, at + 1));
      peer.send(part.subarray(0, 4)).send(part.subarray(4));
    }
    expect(states(peer)).toEqual(["unfinished"]);
    peer.send(frame(frameType.continuation, endHeaders, 1, block.subarray(20)));
    expect(states(peer)).toEqual(["unfinished", "finished"]);
  });
});

describe("whatever a client sends", () => {
  const request = Buffer.concat([
    frame(frameType.headers, endHeaders, 1, grpcHeaders("/a/b")),
    data(1, 30),
    settingsFrame({ 4: 5, 5: 20_000 }),
    frame(frameType.headers, 0x2c | endStream, 3, Buffer.from([0, 0, 0, 0, 9, 0x83, 0x86, 0x84])),
    frame(frameType.ping, 0, 0, Buffer.alloc(8)),
    widen(1, 100),
    reset(1),
    frame(frameType.headers, 0, 5, grpcHeaders("/a/b").subarray(0, 20)),
    frame(frameType.continuation, endHeaders, 5, grpcHeaders("/a/b").subarray(20)),
    data(5, 10, endStream),
  ]);
  const anyFrame = fc
    .tuple(
      fc.integer({ min: 0, max: 10 }),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 9 }),
      fc.uint8Array({ maxLength: 20 }),
    )
    .map(([type, flags, id, payload]) => frame(type, flags, id, payload));
  const mutation = fc
    .array(fc.tuple(fc.nat(request.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const bytes = Buffer.from(request);
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes;
    });

  test("is answered or ends the connection; no handler fails, none is told twice", () => {
    const chunk = fc.oneof(
      fc.array(anyFrame).map((all) => Buffer.concat(all)),
      mutation,
    );
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 6 }), (chunks) => {
        const peer = new Http2Peer().hello();
        for (const chunk of chunks) {
          peer.send(chunk);
          for (const { stream } of peer.handlers.values()) {
            stream.write(new Uint8Array(20));
            if (stream.remoteEnded) stream.end(trailers);
          }
          expect(peer.connection.streams).toBeLessThanOrEqual(100);
        }
        peer.connection.close();
        expect(peer.connection.streams).toBe(0);
        expect(peer.failures).toEqual([]);
        for (const { closes } of peer.handlers.values()) expect(closes).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });

  test("for long leaves nothing behind", () => {
    const peer = new Http2Peer({ maxConcurrentStreams: 10 }).hello();
    const block = grpcHeaders("/a/b");
    const open = (id: number) => frame(frameType.headers, endHeaders, id, block);
    let before = 0;
    for (let round = 0; round < 60; round++) {
      const ids = Array.from({ length: 1000 }, (_, n) => 2 * (round * 1000 + n) + 1);
      peer.send(...ids.flatMap((id) => [open(id), data(id, 1), widen(id, 1), reset(id)]));
      peer.take();
      peer.handlers.clear();
      peer.events.length = 0;
      if (round === 9) {
        Bun.gc(true);
        before = process.memoryUsage().heapUsed;
      }
    }
    Bun.gc(true);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(5_000_000);
    expect(peer.connection.streams).toBe(0);
  });
});
