import { fromBinary } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Log, LogFields } from "../../../../src/core/log.ts";
import { SyncFlagsResponseSchema } from "../../../../src/gen/flagd/sync/v1/sync_pb.ts";
import type { MessageStream } from "../../../../src/transport/listener.ts";

/** A stream whose reader takes what it is given, until `reading` is false. */
export class FakeStream implements MessageStream {
  readonly pieces: Uint8Array[] = [];
  reading = true;
  ended: { readonly error: ConnectError | undefined } | undefined;
  aborted = false;
  #drain = () => {};
  #close: (() => void) | undefined;
  #closed = false;

  send(frame: Uint8Array): boolean {
    if (this.ended || this.aborted) throw new Error("sent on a stream that is over");
    this.pieces.push(frame);
    return this.reading;
  }

  end(error?: Error): void {
    if (this.ended || this.aborted) throw new Error("ended twice");
    this.ended = { error: error as ConnectError | undefined };
    this.close();
  }

  abort(): void {
    this.aborted = true;
    this.close();
  }

  onDrain(listener: () => void): void {
    this.#drain = listener;
  }

  onClose(listener: () => void): void {
    this.#close = listener;
    if (this.#closed) listener();
  }

  /** The reader took what was sent, and goes on reading or not. */
  drain(reading = true): void {
    this.reading = reading;
    this.#drain();
  }

  /** The stream is gone, as by a client that cancels. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#close?.();
  }

  /** The messages that are complete. */
  get messages() {
    const bytes = Buffer.concat(this.pieces);
    const messages = [];
    for (let at = 0; at + 5 <= bytes.length; ) {
      const end = at + 5 + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      messages.push(fromBinary(SyncFlagsResponseSchema, bytes.subarray(at + 5, end)));
      at = end;
    }
    return messages;
  }

  /** Flag keys and revisions of the last complete message. */
  get state(): Record<string, string> | undefined {
    const last = this.messages.at(-1);
    if (!last) return undefined;
    const { flags } = JSON.parse(last.flagConfiguration) as {
      flags: Record<string, { defaultVariant: string }>;
    };
    return Object.fromEntries(Object.entries(flags).map(([key, f]) => [key, f.defaultVariant]));
  }
}

/** A log that keeps its warnings and errors. */
export function keepingLog() {
  const entries: { readonly message: string; readonly fields: LogFields }[] = [];
  const keep = (message: string, fields: LogFields = {}) => {
    entries.push({ message, fields });
  };
  const ignore = () => {};
  const log: Log = {
    debugging: false,
    debug: ignore,
    info: ignore,
    warn: keep,
    error: keep,
    fatal: keep,
    with: () => log,
  };
  return { log, entries };
}

/** Lets promises that are resolved already take effect. */
export async function settled(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
