import type { Socket } from "node:net";

/** How long a connection may take to send what was written last. */
export const lingerMs = 1000;

/**
 * Ends a connection whose last words say why it ends: at once it would be reset, and they lost with
 * it, where the peer is still sending.
 */
export function endThenDestroy(socket: Socket): void {
  if (socket.destroyed) return;
  socket.end();
  setTimeout(() => socket.destroy(), lingerMs).unref();
}
