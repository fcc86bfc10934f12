import {
  ConnectionError,
  errorCode,
  initialMaxFrame,
  maxFrameBytes,
  maxWindow,
  setting,
} from "./frames.ts";

const entryBytes = 6;

/** The payload of a SETTINGS frame. */
export function encodeSettings(values: readonly (readonly [id: number, value: number])[]): Buffer {
  const bytes = Buffer.alloc(values.length * entryBytes);
  for (const [n, [id, value]] of values.entries()) {
    bytes.writeUInt16BE(id, n * entryBytes);
    bytes.writeUInt32BE(value, n * entryBytes + 2);
  }
  return bytes;
}

/** What of a client's settings matters to one who only answers. */
export interface PeerSettings {
  /** The smallest of several. */
  tableSize?: number;
  initialWindow?: number;
  maxFrame?: number;
}

/** @throws ConnectionError for values that are not allowed (RFC 9113 §6.5.2) */
export function decodeSettings(bytes: Buffer, start: number, end: number): PeerSettings {
  if ((end - start) % entryBytes !== 0) {
    throw new ConnectionError(
      errorCode.frameSize,
      "the payload of SETTINGS must be a multiple of 6 bytes",
    );
  }
  const settings: PeerSettings = {};
  for (let at = start; at < end; at += entryBytes) {
    const value = bytes.readUInt32BE(at + 2);
    switch (bytes.readUInt16BE(at)) {
      case setting.headerTableSize:
        settings.tableSize = Math.min(value, settings.tableSize ?? value);
        break;
      case setting.enablePush:
        if (value > 1) throw new ConnectionError(errorCode.protocol, "ENABLE_PUSH must be 0 or 1");
        break;
      case setting.initialWindowSize:
        if (value > maxWindow) {
          throw new ConnectionError(errorCode.flowControl, "INITIAL_WINDOW_SIZE is too large");
        }
        settings.initialWindow = value;
        break;
      case setting.maxFrameSize:
        if (value < initialMaxFrame || value > maxFrameBytes) {
          throw new ConnectionError(errorCode.protocol, "MAX_FRAME_SIZE is out of bounds");
        }
        settings.maxFrame = value;
        break;
    }
  }
  return settings;
}
