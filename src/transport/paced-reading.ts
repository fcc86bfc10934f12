import type { Socket } from "node:net";
import { type Turn, type Turns, turns as turnsOfThread } from "../core/turns.ts";
import { maxOutputBytes } from "./limits.ts";

/** Works at what a connection receives. */
export interface PacedReader {
  /** Keeps what has arrived. */
  push(chunk: Buffer): void;
  /** Works at what is kept. @returns whether some of it is left because the turn is over */
  work(turn: Turn): boolean;
}

type ReadSocket = Pick<
  Socket,
  "on" | "pause" | "resume" | "writableLength" | "writableNeedDrain" | "destroyed"
>;

/** How a connection is read. */
export interface PacedReading {
  /** Takes bytes that were read from the socket before. */
  receive(chunk: Buffer): void;
  /** There is work that waited for something else than bytes or the client. It is done in a later turn. */
  wake(): void;
  /** Nothing more is read. */
  stop(): void;
}

/**
 * Reads a connection no faster than it is worked at, in turns with all others, and not at all while the
 * client has answers to read.
 */
export function readInTurns(
  socket: ReadSocket,
  reader: PacedReader,
  turns: Turns = turnsOfThread,
): PacedReading {
  let working = false;
  let blocked = false;
  let paused = false;
  let stopped = false;

  const pause = (wanted: boolean): void => {
    if (wanted === paused) return;
    paused = wanted;
    if (paused) socket.pause();
    else socket.resume();
  };
  const unread = () => socket.writableLength > maxOutputBytes && socket.writableNeedDrain;
  const work = (turn: Turn): boolean => {
    working = !socket.destroyed && !unread() && reader.work(turn);
    blocked = unread();
    pause(working || blocked || stopped);
    return working;
  };
  const begin = (how: "start" | "queue"): void => {
    if (working) return;
    working = true;
    turns[how](work);
  };

  const receive = (chunk: Buffer): void => {
    reader.push(chunk);
    if (!blocked) begin("start");
  };
  socket.on("data", receive);
  socket.on("drain", () => {
    if (blocked) begin("queue");
  });
  return {
    receive,
    wake: () => begin("queue"),
    stop() {
      stopped = true;
      pause(true);
    },
  };
}
