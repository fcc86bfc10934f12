import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { Call } from "../calls.ts";
import type { TransportContext } from "../context.ts";
import { frameMessage, type UnaryMethod } from "../method.ts";
import { frameCompressed, wantsGzip } from "./envelope.ts";
import { isGone, replyStatus, startReply } from "./reply.ts";
import { readMessage } from "./request.ts";
import { publicError, statusOf } from "./status.ts";
import { parseGrpcTimeout } from "./timeout.ts";

/** Answers a unary gRPC call straight on its HTTP/2 stream. */
export function serveUnary(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  method: UnaryMethod,
  context: TransportContext,
): void {
  const { watch } = context;
  const call = watch && new Call(watch, method.path, "grpc", "POST", headers);
  const fail = (thrown: unknown): void => {
    const error = publicError(thrown, method.path, context.log);
    replyStatus(stream, statusOf(error));
    call?.finish(200, error.code);
  };

  let deadline = Number.POSITIVE_INFINITY;
  const timeout = headers["grpc-timeout"];
  if (typeof timeout === "string") {
    try {
      deadline = performance.now() + parseGrpcTimeout(timeout);
    } catch (error) {
      fail(error);
      return;
    }
  }

  readMessage(stream, headers, context, (message) => {
    if (message instanceof ConnectError) return fail(message);
    if (deadline !== Number.POSITIVE_INFINITY && performance.now() >= deadline) {
      return fail(new ConnectError("the operation timed out", Code.DeadlineExceeded));
    }
    let answer: Uint8Array;
    try {
      answer = method.call(message, headers);
    } catch (error) {
      return fail(error);
    }
    if (isGone(stream)) return call?.abandon();
    const gzip = wantsGzip(answer, headers["grpc-accept-encoding"] as string | undefined);
    if (startReply(stream, gzip)) {
      stream.end(gzip ? frameCompressed(answer) : frameMessage(answer));
    }
    if (call) {
      call.requestBytes = message.length;
      call.responseBytes = answer.length;
      call.finish(200, 0);
    }
  });
}
