import { constants, type ServerHttp2Stream } from "node:http2";
import { okStatus, type StatusFields } from "./status.ts";

/*
 * `respond`, `sendTrailers` and `close` throw on a stream that its client has reset meanwhile; an
 * exception in a stream's callback would end the process.
 */

const responseHeaders = { ":status": 200, "content-type": "application/grpc" };
const gzipHeaders = { ...responseHeaders, "grpc-encoding": "gzip" };
const withTrailers = { waitForTrailers: true };

export function isGone(stream: ServerHttp2Stream): boolean {
  return stream.destroyed || stream.closed || stream.aborted;
}

function sendOk(this: ServerHttp2Stream): void {
  sendTrailers(this, okStatus);
}

/** Sends the headers; the status follows when the stream ends. */
export function startReply(
  stream: ServerHttp2Stream,
  compressed: boolean,
  status?: () => StatusFields,
): boolean {
  if (isGone(stream)) return false;
  try {
    stream.respond(compressed ? gzipHeaders : responseHeaders, withTrailers);
    stream.on("wantTrailers", status ? () => sendTrailers(stream, status()) : sendOk);
    return true;
  } catch {
    return false;
  }
}

/** Answers with a status alone ("trailers-only"). */
export function replyStatus(stream: ServerHttp2Stream, status: StatusFields): void {
  if (isGone(stream)) return;
  try {
    stream.respond({ ...responseHeaders, ...status }, { endStream: true });
    // The rest of a request that is not going to be read; NO_ERROR lets the answer stand (RFC 9113 §8.1).
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  } catch {
    reset(stream);
  }
}

function sendTrailers(stream: ServerHttp2Stream, status: StatusFields): void {
  try {
    stream.sendTrailers(status);
  } catch {
    reset(stream);
  }
}

export function reset(stream: ServerHttp2Stream, code = constants.NGHTTP2_INTERNAL_ERROR): void {
  try {
    if (!stream.destroyed) stream.close(code);
  } catch {
    stream.destroy();
  }
}
