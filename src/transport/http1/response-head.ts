import type { RequestHead } from "./request-head.ts";

/**
 * Answers a POST from its bytes, without the objects of the general path: the whole answer, head included.
 * undefined: the request is for the general path, which gives the same answers.
 * @param last The connection ends after this answer, which says so.
 */
export type FastPath = (head: RequestHead, body: Uint8Array, last: boolean) => Buffer | undefined;

/** What an HTTP/1.1 answer begins with, on every path. */

/** Reason phrases of the statuses that are answered here (RFC 9110 §15). */
const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  204: "No Content",
  301: "Moved Permanently",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

const statusLines = new Map<number, string>();

/** With the end of its line. */
export function statusLine(status: number): string {
  let line = statusLines.get(status);
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${reasons[status] ?? ""}\r\n`;
    statusLines.set(status, line);
  }
  return line;
}

/** The last fields of a head, with the empty line after it. */
export type HeadEnd = (last: boolean) => string;

/** `Keep-Alive` is what HTTP clients in Java and Node go by, so as not to use a connection that is about to end. */
export function headEnd(keepAliveMs: number): HeadEnd {
  const seconds = Math.floor(keepAliveMs / 1000);
  let second = 0;
  let lasting = "";
  let last = "";
  // For a `Date` header (RFC 9110 §5.6.7), made once a second.
  return (isLast) => {
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) {
      second = now;
      const date = `Date: ${new Date(now * 1000).toUTCString()}\r\nConnection: `;
      lasting = `${date}keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n\r\n`;
      last = `${date}close\r\n\r\n`;
    }
    return isLast ? last : lasting;
  };
}
