import type { Socket } from "node:net";
import { endThenDestroy } from "../linger.ts";

/** How long a client may take nothing of an answer that its server is done with. */
const stalledMs = 10_000;

/**
 * Hands a connection on to the server that listens on a unix socket, in both directions, until it ends.
 *
 * A socket of node:net would be destroyed where a write fails, and with it what the server said before
 * it closed: the refusal of a body that is still being sent.
 */
export function relay(socket: Socket, first: Uint8Array, socketPath: string): void {
  let server: Bun.Socket<undefined> | undefined;
  /** Read from the client and not yet taken by the server. */
  let waiting: Uint8Array = first;

  const forward = (): void => {
    if (server === undefined || waiting.length === 0) return;
    const taken = server.write(waiting);
    // Nothing is taken where the server has closed, which it says next.
    waiting = waiting.subarray(Math.max(0, taken));
    if (waiting.length === 0) socket.resume();
    else socket.pause();
  };
  const receive = (chunk: Uint8Array): void => {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    forward();
  };
  const end = (): void => {
    server = undefined;
    socket.off("data", receive);
    // What is still sent is read and forgotten, so that its sender comes to read the answer.
    socket.resume();
    socket.setTimeout(stalledMs, () => socket.destroy());
    socket.end(() => endThenDestroy(socket));
  };

  socket.pause();
  socket.on("data", receive);
  socket.on("close", () => server?.terminate());
  Bun.connect<undefined>({
    unix: socketPath,
    socket: {
      open(opened) {
        server = opened;
        if (socket.destroyed) opened.terminate();
        else forward();
      },
      data(from, chunk) {
        if (socket.write(chunk)) return;
        from.pause();
        socket.once("drain", () => from.resume());
      },
      drain: forward,
      close: end,
      error: end,
    },
  }).catch(() => socket.destroy());
}
