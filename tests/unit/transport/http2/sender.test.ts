import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeBlock } from "../../../../src/transport/http2/hpack/encoder.ts";
import { endStream, Http2Peer, settingsFrame, widen } from "../../../support/http2-peer.ts";
import { frameType } from "../../../support/raw-client.ts";

const trailers = encodeBlock({ "grpc-status": 0 });
const settingId = { initialWindow: 4, maxFrame: 5 };

/** What a client has allowed, and what it was sent. */
class Account {
  readonly written = new Map<number, number>();
  readonly sent = new Map<number, number>();
  readonly windows = new Map<number, number>();
  readonly ended = new Set<number>();
  readonly complete = new Set<number>();
  connectionWindow = 65_535;
  initialWindow = 65_535;
  maxFrame = 16_384;

  /** Bytes of a stream that were written and have not arrived. */
  waiting(id: number): number {
    return (this.written.get(id) ?? 0) - (this.sent.get(id) ?? 0);
  }
}

/** The bytes of a stream: none like those before, after, or of other streams. */
function content(id: number, from: number, size: number): Uint8Array {
  return Uint8Array.from(
    { length: size },
    (_, n) => (from + n + ((from + n) >> 8) + id * 7) & 0xff,
  );
}

class Scene {
  readonly peer = new Http2Peer().hello();
  readonly account = new Account();
  readonly ids: number[] = [];
  /** Writes that were told to wait, and have not been called back since. */
  readonly told = new Map<number, number>();

  open(): void {
    if (this.ids.length === 8) return;
    const id = 1 + 2 * this.ids.length;
    this.peer.open(id);
    this.peer.stream(id).respond(encodeBlock({ ":status": 200 }));
    this.ids.push(id);
    this.account.windows.set(id, this.account.initialWindow);
    this.account.written.set(id, 0);
  }

  pick(n: number): number | undefined {
    return this.ids[n % this.ids.length];
  }

  write(n: number, size: number): void {
    const id = this.pick(n);
    const { account, peer } = this;
    if (id === undefined || account.ended.has(id)) return;
    const from = account.written.get(id) ?? 0;
    account.written.set(id, from + size);
    const { drains } = peer.handler(id);
    if (!peer.stream(id).write(content(id, from, size))) this.told.set(id, drains);
  }

  end(n: number): void {
    const id = this.pick(n);
    if (id === undefined || this.account.ended.has(id)) return;
    this.account.ended.add(id);
    this.peer.stream(id).end(trailers);
  }

  widen(n: number, bytes: number): void {
    const { account } = this;
    const id = this.pick(n);
    if (n % 3 === 0 || id === undefined) account.connectionWindow += bytes;
    else account.windows.set(id, (account.windows.get(id) ?? 0) + bytes);
    this.peer.send(widen(n % 3 === 0 || id === undefined ? 0 : id, bytes));
  }

  setInitialWindow(bytes: number): void {
    const { account } = this;
    for (const [id, window] of account.windows) {
      account.windows.set(id, window + bytes - account.initialWindow);
    }
    account.initialWindow = bytes;
    this.peer.send(settingsFrame({ [settingId.initialWindow]: bytes }));
  }

  setMaxFrame(bytes: number): void {
    this.account.maxFrame = bytes;
    this.peer.send(settingsFrame({ [settingId.maxFrame]: bytes }));
  }

  /** Looks at what has arrived. */
  check(): void {
    const { account, peer } = this;
    for (const { type, flags, stream: id, payload } of peer.take()) {
      expect(account.complete).not.toContain(id === 0 ? -1 : id);
      if (type === frameType.data) {
        const size = payload.length;
        const from = account.sent.get(id) ?? 0;
        account.sent.set(id, from + size);
        account.windows.set(id, (account.windows.get(id) ?? 0) - size);
        account.connectionWindow -= size;
        expect(size).toBeLessThanOrEqual(account.maxFrame);
        expect(account.windows.get(id)).toBeGreaterThanOrEqual(0);
        expect(account.connectionWindow).toBeGreaterThanOrEqual(0);
        expect(Buffer.compare(payload, content(id, from, size))).toBe(0);
      }
      if (flags & endStream && (type === frameType.data || type === frameType.headers)) {
        account.complete.add(id);
      }
    }
    if (peer.congested) return;
    for (const id of this.ids) {
      const waiting = account.waiting(id);
      // Nothing waits that may go.
      const room = Math.min(account.windows.get(id) ?? 0, account.connectionWindow);
      if (waiting > 0) expect(room).toBeLessThanOrEqual(0);
      expect(account.complete.has(id)).toBe(account.ended.has(id) && waiting === 0);
      // Who was told to wait was called back, once, when there was room.
      const drains = this.told.get(id);
      if (drains === undefined || account.ended.has(id)) continue;
      const expected = waiting === 0 ? 1 : 0;
      expect(peer.handler(id).drains - drains).toBe(expected);
      if (expected) this.told.delete(id);
    }
  }
}

const amount = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 150_000 }));
const step: fc.Arbitrary<(scene: Scene) => void> = fc.oneof(
  fc.constant((scene: Scene) => scene.open()),
  fc.tuple(fc.nat(100), amount).map(
    ([n, size]) =>
      (scene: Scene) =>
        scene.write(n, size),
  ),
  fc.tuple(fc.nat(100), amount).map(
    ([n, size]) =>
      (scene: Scene) =>
        scene.widen(n, size),
  ),
  fc.nat(100).map((n) => (scene: Scene) => scene.end(n)),
  fc
    .oneof(fc.constantFrom(0, 1, 65_535), amount)
    .map((size) => (scene: Scene) => scene.setInitialWindow(size)),
  fc
    .constantFrom(16_384, 20_000, 0xff_ffff)
    .map((size) => (scene: Scene) => scene.setMaxFrame(size)),
  fc.constant((scene: Scene) => {
    scene.peer.congested = true;
  }),
  fc.constant((scene: Scene) => scene.peer.drain()),
);

test("whatever is written, allowed and taken in whatever order: no window is exceeded, nothing lost, mixed up or held up", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const scene = new Scene();
      scene.open();
      for (const step of steps) {
        step(scene);
        scene.check();
      }
      scene.peer.drain();
      scene.setInitialWindow(100_000_000);
      scene.widen(0, 200_000_000);
      scene.ids.forEach((_, n) => {
        scene.end(n);
      });
      scene.check();
      expect(scene.account.complete.size).toBe(scene.ids.length);
      expect(scene.peer.connection.streams).toBe(0);
      expect(scene.peer.failures).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

describe("streams that wait", () => {
  const sizes = (peer: Http2Peer) => {
    const sums = new Map<number, number>();
    for (const { type, stream, payload } of peer.take()) {
      if (type === frameType.data) sums.set(stream, (sums.get(stream) ?? 0) + payload.length);
    }
    return Object.fromEntries(sums);
  };

  function waiting(count: number): Http2Peer {
    const peer = new Http2Peer().hello({ [settingId.initialWindow]: 10_000_000 });
    peer.open(1);
    peer.stream(1).write(new Uint8Array(65_535));
    for (let n = 1; n <= count; n++) {
      const id = 1 + 2 * n;
      peer.open(id);
      peer.stream(id).write(new Uint8Array(1_000_000));
    }
    peer.take();
    return peer;
  }

  test("share a connection's window, however small the steps in which it grows", () => {
    for (const size of [1, 1000, 16_384]) {
      const peer = waiting(4);
      for (let n = 0; n < 8; n++) peer.send(widen(0, size));
      const shares = Object.values(sizes(peer));
      expect(shares.length).toBe(4);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(2 * size);
    }
  });

  test("share a socket that takes little at a time", () => {
    const peer = waiting(4);
    peer.congested = true;
    peer.send(widen(0, 10_000_000));
    for (let n = 0; n < 8; n++) {
      peer.connection.drained();
      peer.work();
      peer.congested = true;
    }
    const shares = Object.values(sizes(peer));
    expect(shares.length).toBe(4);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(65_536);
  });

  test("without a window of their own hold up no others", () => {
    const peer = new Http2Peer().hello({ [settingId.initialWindow]: 0 });
    peer.send(widen(0, 1_000_000));
    for (const id of [1, 3, 5]) {
      peer.open(id);
      peer.stream(id).write(new Uint8Array(1000));
    }
    peer.send(widen(3, 1000));
    expect(sizes(peer)).toEqual({ 3: 1000 });
    peer.send(widen(5, 300));
    expect(sizes(peer)).toEqual({ 5: 300 });
  });

  test("send no frame of more than 64 KiB, even if the client would take it", () => {
    const peer = new Http2Peer().hello({ 4: 10_000_000, 5: 0xff_ffff }).send(widen(0, 10_000_000));
    peer.open(1);
    peer.stream(1).write(new Uint8Array(1_000_000));
    const lengths = peer.take().map(({ payload }) => payload.length);
    expect(Math.max(...lengths)).toBe(65_536);
  });

  test("are told once that they may go on, and may write and end at once when they are", () => {
    const peer = new Http2Peer().hello({ [settingId.initialWindow]: 10 });
    peer.open(1);
    const handler = peer.handler(1);
    let left = 5;
    const writeOn = () => {
      while (left-- > 0) if (!peer.stream(1).write(new Uint8Array(20))) return;
      peer.stream(1).end(trailers);
    };
    handler.drained = writeOn;
    writeOn();
    expect(sizes(peer)).toEqual({ 1: 10 });
    peer.send(widen(1, 25));
    expect(sizes(peer)).toEqual({ 1: 25 });
    peer.send(widen(1, 1000));
    expect(sizes(peer)).toEqual({ 1: 65 });
    expect(handler.closes).toBe(1);
  });

  test("may be reset while others are served", () => {
    const peer = waiting(5);
    peer.handler(3).drained = () => {
      for (const id of [5, 7]) peer.stream(id).reset();
    };
    peer.handler(9).drained = () => {
      throw new Error("of a handler");
    };
    peer.send(widen(0, 100_000_000));
    expect(sizes(peer)[11]).toBe(1_000_000);
    expect(peer.failures).toEqual([new Error("of a handler")]);
    expect([5, 7, 9].map((id) => peer.handler(id).closes)).toEqual([1, 1, 1]);
  });

  test("count what they hold until it is sent or they are over", () => {
    const peer = new Http2Peer().hello({ [settingId.initialWindow]: 10 });
    peer.open(1);
    peer.stream(1).write(new Uint8Array(25));
    expect(peer.stream(1).queuedBytes).toBe(15);
    peer.send(widen(1, 10));
    expect(peer.stream(1).queuedBytes).toBe(5);
    peer.stream(1).reset();
    expect(peer.stream(1).queuedBytes).toBe(0);
  });
});
