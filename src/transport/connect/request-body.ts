import type { Readable } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { Place } from "../../core/expiry.ts";
import { ByteCollector } from "../byte-collector.ts";
import type { Expirable, TransportContext } from "../call.ts";
import type { Exchange } from "../exchange.ts";
import { envelopeBytes, tooMuchUnfinished } from "../grpc/envelope.ts";

/**
 * A request body for Connect's handlers, read when they ask for it.
 *
 * Where there is one message it comes as one piece: Connect's envelope decoder walks all pieces that
 * it holds at each new one, so that a body in single bytes would cost the square of its length.
 *
 * @param keep As of {@link Exchange.keep}.
 * @param onRead Told of its length.
 */
export async function* readBody(
  body: Readable,
  context: TransportContext,
  keep: (bytes: number) => boolean,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const bytes = await readWhole(body, context, keep);
  onRead(bytes.length);
  if (bytes.length > 0) yield bytes;
}

/** A body that holds more than a message of the largest size and its envelope is refused. */
function readWhole(
  body: Readable,
  context: TransportContext,
  keep: (bytes: number) => boolean,
): Promise<Uint8Array> {
  const { maxBytes } = context;
  return new Promise((resolve, reject) => {
    const collected = new ByteCollector();
    const stop = () => {
      place.stop();
      body.off("data", onData).off("end", onEnd).off("close", onGone).off("error", onGone);
    };
    const fail = (message: string, code: Code) => {
      stop();
      reject(new ConnectError(message, code));
    };
    const place = new Place<Expirable>({
      expire: () => fail("the request did not arrive in time", Code.DeadlineExceeded),
    });
    const onData = (chunk: Uint8Array) => {
      collected.append(chunk);
      if (collected.length > maxBytes + envelopeBytes)
        fail(`message is larger than the limit of ${maxBytes} bytes`, Code.ResourceExhausted);
      else if (!keep(chunk.length)) fail(tooMuchUnfinished, Code.ResourceExhausted);
    };
    const onEnd = () => {
      stop();
      resolve(collected.take());
    };
    const onGone = () => fail("the client closed the connection", Code.Canceled);

    if (body.readableEnded) return onEnd();
    if (body.destroyed) return onGone();
    context.receiving.start(place, performance.now());
    body.on("data", onData).on("end", onEnd).on("close", onGone).on("error", onGone);
  });
}

/**
 * A body that may hold many messages, piece by piece as it arrives. Who stops reading has an answer
 * to give: the body stays open for that, as it is one stream with the answer in HTTP/2.
 */
export function readPieces(body: Readable): AsyncIterable<Uint8Array> {
  return body.iterator({ destroyOnReturn: false });
}
