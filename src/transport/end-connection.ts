import type { Socket } from "node:net";

/** How long a connection may take to send what was written last. */
export const lingerMs = 1000;

/**
 * Ends a connection whose last words say why it ends: at once it would be reset, and they lost with
 * it, if the peer is still sending.
 */
export function endThenDestroy(socket: Socket): void {
  if (socket.destroyed) return;
  socket.end();
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

/** The answer to what is no request that a port takes, after which the connection is closed. */
export function refusal(status: string, message = status): string {
  return (
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
    `Content-Length: ${Buffer.byteLength(message)}\r\nConnection: close\r\n\r\n${message}`
  );
}

/** Answers so whatever the client asks, and closes. */
export function refuse(socket: Socket, status: string, message: string): void {
  if (socket.writable) socket.write(refusal(status, message));
  endThenDestroy(socket);
}
