import { ConnectionError, errorCode, flag } from "./frames.ts";

/** What holds of a type of frame whatever it says (RFC 9113 §6). */
interface Rule {
  readonly name: string;
  /** What it may be about. Without: both. */
  readonly about?: "stream" | "connection";
  /** Of its payload, where all have the same. */
  readonly bytes?: number;
}

/** By type. */
const rules: readonly Rule[] = [
  { name: "DATA", about: "stream" },
  { name: "HEADERS", about: "stream" },
  { name: "PRIORITY", about: "stream", bytes: 5 },
  { name: "RST_STREAM", about: "stream", bytes: 4 },
  { name: "SETTINGS", about: "connection" },
  { name: "PUSH_PROMISE", about: "stream" },
  { name: "PING", about: "connection", bytes: 8 },
  { name: "GOAWAY", about: "connection" },
  { name: "WINDOW_UPDATE", bytes: 4 },
  { name: "CONTINUATION", about: "stream" },
];

/** @throws ConnectionError. Frames of unknown types pass. */
export function checkFrame(type: number, stream: number, size: number): void {
  const rule = rules[type];
  if (rule === undefined) return;
  const { name, about, bytes } = rule;
  if (about === (stream === 0 ? "stream" : "connection")) {
    throw broken(`${name} belongs on a ${about}`);
  }
  if (bytes !== undefined && size !== bytes) {
    throw new ConnectionError(
      errorCode.frameSize,
      `the payload of ${name} must have ${bytes} bytes`,
    );
  }
}

/** Where the payload `bytes[start…end]` of DATA or HEADERS is without its padding. */
export function unpad(flags: number, bytes: Buffer, start: number, end: number): [number, number] {
  if ((flags & flag.padded) === 0) return [start, end];
  const padding = bytes[start] ?? 0;
  if (start + 1 + padding > end) throw broken("more padding than payload");
  return [start + 1, end - padding];
}

export const priorityBytes = 5;

/** Priorities mean nothing here (RFC 9113 §5.3.2), but have to make sense. */
export function checkPriority(stream: number, bytes: Buffer, start: number, end: number): void {
  if (end - start < priorityBytes) {
    throw new ConnectionError(errorCode.frameSize, "incomplete priority fields");
  }
  if ((bytes.readUInt32BE(start) & 0x7fff_ffff) === stream) {
    throw broken("a stream that depends on itself");
  }
}

export function broken(message: string): ConnectionError {
  return new ConnectionError(errorCode.protocol, message);
}
