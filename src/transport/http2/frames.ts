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
