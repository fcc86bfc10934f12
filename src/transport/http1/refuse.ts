import type { Socket } from "node:net";
import { endThenDestroy } from "../linger.ts";

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
