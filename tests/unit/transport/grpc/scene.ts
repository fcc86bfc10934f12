import type { CallRecord } from "../../../../src/core/calls.ts";
import { ExpiryQueue } from "../../../../src/core/expiry.ts";
import type { Expirable, TransportContext } from "../../../../src/transport/call.ts";
import { frameMessage } from "../../../../src/transport/grpc/envelope.ts";
import { StreamCall } from "../../../../src/transport/grpc/stream-call.ts";
import { UnaryCall } from "../../../../src/transport/grpc/unary-call.ts";
import { HpackDecoder } from "../../../../src/transport/http2/hpack/decoder.ts";
import type { MessageStream, UnaryMethod } from "../../../../src/transport/listener.ts";
import { endStream, Http2Peer, numberFrame } from "../../../support/http2-peer.ts";
import { frame, frameType } from "../../../support/raw-client.ts";
import { rememberingLog } from "../../../support/remembering-log.ts";

export const path = "/a/b";
export const message = frameMessage(Buffer.from("abc"));

export type Open = (message: Uint8Array, stream: MessageStream) => void;

/** A connection that serves one kind of method, and all that is told of its calls. */
export class Scene {
  readonly log = rememberingLog();
  readonly records: CallRecord[] = [];
  readonly spans: ("ended" | "abandoned")[] = [];
  traced = 0;
  open = 0;
  readonly context: TransportContext = {
    log: this.log,
    maxBytes: 1000,
    hint: undefined,
    receiving: new ExpiryQueue<Expirable>(100, (one) => one.expire()),
    observer: {
      onCall: (record) => this.records.push(record),
      onOpen: (_method, _path, change) => {
        this.open += change;
      },
      trace: () => {
        this.traced++;
        return { end: (record) => this.spans.push(record ? "ended" : "abandoned") };
      },
    },
  };
  readonly peer: Http2Peer;

  constructor(method: { unary: UnaryMethod["call"] } | { stream: Open }, maxBytes = 1000) {
    const context = { ...this.context, maxBytes };
    this.peer = new Http2Peer({
      serve: (stream) =>
        "unary" in method
          ? new UnaryCall(stream, { path, call: method.unary }, context)
          : new StreamCall(
              stream,
              { path, open: (message, _headers, messages) => method.stream(message, messages) },
              context,
            ),
    }).hello();
    this.peer.take();
  }

  call(id: number, body: Uint8Array = message, more: Record<string, string> = {}): this {
    this.peer.open(id, 0, more).send(frame(frameType.data, endStream, id, body));
    return this;
  }

  /** The types of the frames that arrived. */
  frames(): number[] {
    return this.peer.take().map(({ type }) => type);
  }

  /** What arrived: messages, statuses and resets, in order. */
  answers(): (string | number)[] {
    const decoder = new HpackDecoder();
    return this.peer.take().flatMap(({ type, payload }): (string | number)[] => {
      if (type === frameType.data) return [payload.toString("latin1", 5)];
      if (type === frameType.reset) return [`reset ${payload.readUInt32BE(0)}`];
      if (type !== frameType.headers) return [];
      const statuses: number[] = [];
      decoder.decode(payload, 0, payload.length, ({ name, value }) => {
        if (name === "grpc-status") statuses.push(Number(value));
      });
      return statuses;
    });
  }
}

/** Sees what was to be done in the next turn of the event loop, and what that leads to. */
export const nextTurns = async () => {
  for (let n = 0; n < 3; n++) await new Promise(setImmediate);
};
export const reset = (id: number) => numberFrame(frameType.reset, id, 8);
