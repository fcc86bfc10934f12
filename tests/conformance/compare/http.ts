/** A client of HTTP/1.1 that sends what it is told and shows what came back. */
import { connect } from "node:net";

export interface HttpRequest {
  readonly method: string;
  /** As it is to stand in the request line. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
  /** Ask for the end of the connection. */
  readonly close?: boolean;
}

export interface HttpAnswer {
  /** 0 if the connection was closed without an answer. */
  readonly status: number;
  /** By lower-case name; of one name many are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const maxWaitMs = 10_000;

/** One request on its own connection. */
export async function exchange(port: number, request: HttpRequest): Promise<HttpAnswer> {
  const { body: given = "" } = request;
  const body: Buffer = typeof given === "string" ? Buffer.from(given) : Buffer.from(given);
  const names = new Set(request.headers.map(([name]) => name.toLowerCase()));
  const framed = names.has("content-length") || names.has("transfer-encoding");
  const closing = request.close === true ? [["Connection", "close"]] : [];
  const headers = [["Host", "flagd.test"], ...closing, ...request.headers];
  if (!framed && (request.body !== undefined || request.method === "POST"))
    headers.push(["Content-Length", `${body.length}`]);
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `${request.method} ${request.target} HTTP/1.1\r\n${lines}\r\n`;
  const bytes = Buffer.concat([Buffer.from(head), body]);
  return parse(await converse(port, bytes, request.method), request.method);
}

/** Everything that comes until the answer is complete or the connection closed. */
function converse(port: number, bytes: Uint8Array, method: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    const timer = setTimeout(() => socket.destroy(), maxWaitMs);
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      if (isComplete(Buffer.concat(chunks), method)) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
  });
}

function isComplete(received: Buffer, method: string): boolean {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const { status, headers } = parse(received, method);
  const rest = received.subarray(end + 4);
  if (method === "HEAD" || status === 204 || status === 304) return true;
  if (headers["content-length"] !== undefined)
    return rest.length >= Number(headers["content-length"]);
  return (
    /chunked/i.test(headers["transfer-encoding"] ?? "") &&
    rest.toString("latin1").endsWith("0\r\n\r\n")
  );
}

function parse(received: Buffer, method: string): HttpAnswer {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return { status: 0, headers: {}, body: received };
  const [statusLine = "", ...lines] = received.subarray(0, end).toString("latin1").split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const status = Number(statusLine.split(" ")[1]);
  if (status === 100) return parse(received.subarray(end + 4), method);
  const rest = received.subarray(end + 4);
  return {
    status,
    headers,
    body: /chunked/i.test(headers["transfer-encoding"] ?? "") ? unchunk(rest) : rest,
  };
}

function unchunk(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  let rest = bytes;
  for (;;) {
    const line = rest.indexOf("\r\n");
    const size = Number.parseInt(rest.subarray(0, line).toString(), 16);
    if (line < 0 || !(size > 0)) return Buffer.concat(chunks);
    chunks.push(rest.subarray(line + 2, line + 2 + size));
    rest = rest.subarray(line + 2 + size + 2);
  }
}
