import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { ByteCollector } from "../byte-collector.ts";
import type { Expirable, TransportContext } from "../context.ts";
import { checkEncoding, envelopeBytes, tooLarge, unwrapMessage } from "./envelope.ts";

/**
 * Reads the one message of a unary or server-streaming gRPC request and calls `done` once, or never
 * where the client goes away.
 */
export function readMessage(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  context: TransportContext,
  done: (result: Uint8Array | ConnectError) => void,
): void {
  const encoding = headers["grpc-encoding"] as string | undefined;
  const body = new ByteCollector();
  let reading = true;

  const stop = (): void => {
    reading = false;
    body.clear();
    context.receiving.delete(expirable);
  };
  const fail = (error: unknown): void => {
    stop();
    done(ConnectError.from(error));
  };
  const expirable: Expirable = {
    expire: () =>
      fail(new ConnectError("the request did not arrive in time", Code.DeadlineExceeded)),
  };
  context.receiving.add(expirable, performance.now());

  stream.on("data", (chunk: Uint8Array) => {
    if (!reading) return;
    body.append(chunk);
    if (body.length > context.maxBytes + envelopeBytes) {
      fail(tooLarge(body.length - envelopeBytes, context.maxBytes));
    }
  });
  stream.on("end", () => {
    // Bun ends the readable side of a stream that was reset, too.
    if (!reading || stream.destroyed || stream.aborted) return;
    let message: Uint8Array;
    try {
      checkEncoding(encoding);
      message = unwrapMessage(body.take(), encoding, context.maxBytes);
    } catch (error) {
      return fail(error);
    }
    stop();
    done(message);
  });
  stream.on("close", stop);
}
