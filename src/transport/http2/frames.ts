/** What frames are made of (RFC 9113 §4 and §6). */

/** The length of a frame's header. */
export const headerBytes = 9;

/** By name, as RFC 9113 §6 numbers them. */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

/** RFC 9113 §7. */
export const errorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** Before anything else was agreed on. */
export const initialWindow = 65_535;
export const initialMaxFrame = 16_384;
export const initialTableSize = 4096;
export const maxWindow = 0x7fff_ffff;
export const maxStream = 0x7fff_ffff;
export const maxFrameBytes = 0xff_ffff;

/** What a client does wrong, and what the rest of its connection cannot be read after. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** What holds of a type of frame whatever it says (RFC 9113 §6). */
interface Rule {
  readonly name: string;
  /** What it may be about. Without: both. */
  readonly about?: "stream" | "connection";
  /** Of its payload, if all have the same. */
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

/** Bytes from `from` to before `to`. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where the payload `bytes[start…end]` of DATA or HEADERS is without its padding. */
export function unpad(flags: number, bytes: Buffer, start: number, end: number): Span {
  if ((flags & flag.padded) === 0) return { from: start, to: end };
  const padding = bytes[start] ?? 0;
  if (start + 1 + padding > end) throw broken("more padding than payload");
  return { from: start + 1, to: end - padding };
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
