/** Clients that say what no proper client would. */
import { connect, type Socket } from "node:net";

export interface Conversation {
  /** Everything received, one character a byte. */
  readonly received: string;
  readonly closed: boolean;
  readonly milliseconds: number;
}

/**
 * Sends `parts` one after the other and listens until the server closes, `enough` is received, or
 * `waitMs` have passed.
 */
export function converse(
  port: number,
  parts: readonly (string | Uint8Array)[],
  options: { enough?: (received: string) => boolean; waitMs?: number; pauseMs?: number } = {},
): Promise<Conversation> {
  const { enough, waitMs = 8000, pauseMs = 5 } = options;
  return new Promise((resolve) => {
    const start = performance.now();
    const socket = connect(port, "127.0.0.1");
    let received = "";
    const done = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ received, closed, milliseconds: performance.now() - start });
    };
    const timer = setTimeout(() => done(false), waitMs);
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      received += text;
      if (enough?.(received)) done(false);
    });
    socket.on("error", () => {});
    socket.on("close", () => done(true));
    void send(socket, parts, pauseMs);
  });
}

async function send(socket: Socket, parts: readonly (string | Uint8Array)[], pauseMs: number) {
  for (const part of parts) {
    if (socket.destroyed) return;
    socket.write(part);
    if (parts.length > 1) await Bun.sleep(pauseMs);
  }
}

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Types of HTTP/2 frames (RFC 9113 §6). */
export const frameType = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(0),
): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, 9);
  return bytes;
}

/** Header fields in HPACK's plainest form: literals, without table or Huffman code. */
export function headerBlock(fields: Record<string, string>): Buffer {
  const length = (text: string) => {
    const size = Buffer.byteLength(text);
    if (size < 127) return [size];
    const bytes = [127];
    let rest = size - 127;
    for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
    return [...bytes, rest];
  };
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [
      Buffer.from([0, ...length(name)]),
      Buffer.from(name),
      Buffer.from(length(value)),
      Buffer.from(value),
    ]),
  );
}

/** The header fields of a gRPC request. */
export function grpcFields(
  path: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    ":method": "POST",
    ":scheme": "http",
    ":path": path,
    ":authority": "localhost",
    "content-type": "application/grpc",
    te: "trailers",
    ...more,
  };
}

/** {@link grpcFields} as a block. */
export function grpcHeaders(path: string, more: Readonly<Record<string, string>> = {}): Buffer {
  return headerBlock(grpcFields(path, more));
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The complete frames in what was received. */
export function parseFrames(received: string): Frame[] {
  const bytes = Buffer.from(received, "latin1");
  const frames: Frame[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    frames.push({
      type: bytes[at + 3] ?? 0,
      flags: bytes[at + 4] ?? 0,
      stream: bytes.readUInt32BE(at + 5) & 0x7fff_ffff,
      payload: bytes.subarray(at + 9, end),
    });
    at = end;
  }
  return frames;
}
