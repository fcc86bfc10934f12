import type { Turn } from "../../core/turns.ts";
import type { FloodLimits } from "./flood-limits.ts";
import {
  broken,
  ConnectionError,
  checkPriority,
  errorCode,
  flag,
  frameType,
  initialWindow,
  maxWindow,
} from "./frames.ts";
import type { Sender } from "./sender.ts";
import { decodeSettings } from "./settings.ts";
import type { StreamTable } from "./stream-table.ts";

export interface ControlOptions {
  readonly sender: Sender;
  readonly streams: StreamTable;
  readonly limits: FloodLimits;
  /** False: too many. */
  readonly onPing: () => boolean;
  /** The answer to a ping of this side. */
  readonly onPong: (payload: Buffer) => void;
}

const nothing: Buffer = Buffer.alloc(0);

/** The frames that say how a connection is to be used, and carry nothing of a request. */
export class ControlFrames {
  readonly #options: ControlOptions;
  /** The client's settings have come. */
  settled = false;
  /** Of streams that are opened from now on. */
  initialWindow = initialWindow;
  /** The windows or the socket may have room for what waits. */
  #widened = false;

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  /** The socket takes more. */
  drained(): void {
    this.#options.sender.congested = false;
    this.#widened = true;
  }

  /**
   * Sends what there is room for since the last time: once, however many frames have widened the windows.
   * @returns whether the turn was over before that
   */
  pump(turn: Turn): boolean {
    this.#widened = this.#widened && this.#options.sender.pump(turn);
    return this.#widened;
  }

  /** Frames of unknown types are passed over. @throws ConnectionError */
  onFrame(
    type: number,
    flags: number,
    id: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    switch (type) {
      case frameType.settings:
        this.#onSettings(flags, bytes, start, end);
        break;
      case frameType.priority:
        checkPriority(id, bytes, start, end);
        this.#options.limits.onIdleFrame();
        break;
      case frameType.ping:
        this.#onPing(flags, bytes.subarray(start, end));
        break;
      case frameType.windowUpdate:
        this.#onWindowUpdate(id, bytes.readUInt32BE(start) & maxWindow);
        break;
    }
  }

  #onSettings(flags: number, bytes: Buffer, start: number, end: number): void {
    const { sender, streams, limits } = this.#options;
    if (flags & flag.ack) {
      if (end > start)
        throw new ConnectionError(errorCode.frameSize, "SETTINGS ACK with a payload");
      if (!this.settled) throw broken("SETTINGS come first");
      return;
    }
    if (this.settled) limits.onIdleFrame();
    const { initialWindow: window, maxFrame, tableSize } = decodeSettings(bytes, start, end);
    this.settled = true;
    sender.frames.frame(frameType.settings, flag.ack, 0, nothing);
    if (maxFrame !== undefined) sender.maxFrame = maxFrame;
    if (tableSize !== undefined) sender.limitTable(tableSize);
    if (window === undefined) return;
    const change = window - this.initialWindow;
    this.initialWindow = window;
    for (const stream of streams) {
      if (!stream.widen(change)) throw overflow();
    }
    this.#widened = true;
  }

  #onPing(flags: number, payload: Buffer): void {
    const { sender, limits, onPing, onPong } = this.#options;
    if (flags & flag.ack) {
      onPong(payload);
      return;
    }
    limits.onIdleFrame();
    sender.frames.frame(frameType.ping, flag.ack, 0, payload);
    // gRFC A8
    if (!onPing()) throw new ConnectionError(errorCode.enhanceYourCalm, "too_many_pings");
  }

  #onWindowUpdate(id: number, increment: number): void {
    const { sender, streams, limits } = this.#options;
    limits.onIdleFrame();
    if (id === 0) {
      if (increment === 0) throw broken("WINDOW_UPDATE with an increment of 0");
      if (!sender.widen(increment)) throw overflow();
    } else {
      streams.checkUsed(id);
      const stream = streams.get(id);
      if (stream === undefined) return;
      if (increment === 0 || !stream.widen(increment)) {
        limits.reset(stream, increment === 0 ? errorCode.protocol : errorCode.flowControl);
        return;
      }
    }
    this.#widened = true;
  }
}

function overflow(): ConnectionError {
  return new ConnectionError(errorCode.flowControl, "a window larger than 2^31-1");
}
