import { describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { Turns } from "../../../src/core/turns.ts";
import { maxOutputBytes } from "../../../src/transport/limits.ts";
import { readInTurns } from "../../../src/transport/paced-reading.ts";

/** A socket and a reader that takes a whole turn for each byte. */
function scene() {
  let time = 0;
  let next: (() => void) | undefined;
  const turns = new Turns(
    () => time,
    (callback) => {
      next = callback;
    },
  );
  const state = { paused: false, writableLength: 0, read: 0 };
  class FakeSocket extends EventEmitter {
    destroyed = false;
    get writableLength() {
      return state.writableLength;
    }
    get writableNeedDrain() {
      return state.writableLength > 0;
    }
    pause() {
      state.paused = true;
    }
    resume() {
      state.paused = false;
    }
  }
  const socket = new FakeSocket();
  let kept = 0;
  const reading = readInTurns(
    socket as unknown as Socket,
    {
      push: (chunk) => {
        kept += chunk.length;
      },
      work: (turn) => {
        while (kept > 0) {
          kept--;
          state.read++;
          time += 10;
          if (turn.over) break;
        }
        return kept > 0;
      },
    },
    turns,
  );
  const turn = () => {
    const callback = next;
    next = undefined;
    callback?.();
    return callback !== undefined;
  };
  const receive = (bytes: number) => socket.emit("data", Buffer.alloc(bytes));
  return { state, socket, receive, turn, reading };
}

describe("reading in turns", () => {
  test("works at once at what arrives, and goes on listening when that is done", () => {
    const { state, receive, turn } = scene();
    receive(1);
    expect(state).toMatchObject({ read: 1, paused: false });
    expect(turn()).toBe(false);
  });

  test("does not listen while there is work left", () => {
    const { state, receive, turn } = scene();
    receive(3);
    expect(state).toMatchObject({ read: 1, paused: true });
    turn();
    // What the socket had read already.
    receive(1);
    expect(state).toMatchObject({ read: 2, paused: true });
    turn();
    turn();
    expect(state).toMatchObject({ read: 4, paused: false });
    expect(turn()).toBe(false);
  });

  test("neither listens nor works while the client has answers to read", () => {
    const { state, receive, turn, socket } = scene();
    state.writableLength = maxOutputBytes + 1;
    receive(2);
    expect(state).toMatchObject({ read: 0, paused: true });
    receive(1);
    expect(turn()).toBe(false);
    state.writableLength = 0;
    socket.emit("drain");
    while (turn());
    expect(state).toMatchObject({ read: 3, paused: false });
  });

  test("stops with its connection", () => {
    const { state, receive, turn, socket } = scene();
    receive(3);
    socket.destroyed = true;
    turn();
    expect(turn()).toBe(false);
    expect(state.read).toBe(1);
  });

  test("listens no more once it is stopped, whatever is left", () => {
    const { state, receive, turn, reading } = scene();
    receive(2);
    reading.stop();
    while (turn());
    expect(state.paused).toBe(true);
    receive(1);
    expect(state.paused).toBe(true);
  });

  test("does what has waited for something else when it is told", () => {
    const { state, receive, turn, reading } = scene();
    receive(1);
    reading.wake();
    reading.wake();
    expect(turn()).toBe(true);
    expect(turn()).toBe(false);
    expect(state).toMatchObject({ read: 1, paused: false });
  });
});
