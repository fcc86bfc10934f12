import type { Socket } from "node:net";
import { defaultTimeouts } from "../limits.ts";
import { endThenDestroy, lingerMs } from "../linger.ts";

/** Connections may come faster than the server takes them from its backlog. */
const retryMs = 20;
const mostTries = 50;

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
  /** The client has said its last word. */
  let halfClosed = false;
  let timer: Timer | undefined;
  let tries = 0;

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
  const destroyAfter = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => socket.destroy(), ms).unref();
  };
  const end = (): void => {
    server = undefined;
    socket.off("data", receive);
    // What is still sent is read and forgotten, so that its sender comes to read the answer.
    socket.resume();
    destroyAfter(defaultTimeouts.answerMs);
    socket.end(() => endThenDestroy(socket));
  };

  const connect = (): void => {
    if (socket.destroyed) return;
    Bun.connect<undefined>({
      unix: socketPath,
      socket: {
        open(opened) {
          server = opened;
          if (socket.destroyed) opened.terminate();
          else forward();
        },
        data(from, chunk) {
          if (halfClosed) destroyAfter(lingerMs);
          if (socket.write(chunk)) return;
          from.pause();
          socket.once("drain", () => from.resume());
        },
        drain: forward,
        close: end,
        error: end,
      },
    }).catch(() => {
      if (++tries < mostTries) setTimeout(connect, retryMs);
      else socket.destroy();
    });
  };

  socket.pause();
  // The server would take the end of requests for that of the connection. What is on its way arrives.
  socket.allowHalfOpen = true;
  socket.on("data", receive);
  socket.on("end", () => {
    halfClosed = true;
    destroyAfter(lingerMs);
  });
  socket.on("close", () => {
    clearTimeout(timer);
    server?.terminate();
  });
  connect();
}
