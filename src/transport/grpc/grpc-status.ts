import { Code, RpcError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { type BlockFields, encodeBlock, type HeaderBlock } from "../http2/hpack/encoder.ts";
import type { Http2Stream } from "../http2/http2-stream.ts";

export type StatusFields = Readonly<Record<string, string>>;

export const okStatus: StatusFields = Object.freeze({ "grpc-status": "0" });

/** An error as `grpc-status`, `grpc-message` and the error's own metadata. */
export function statusOf({ code, rawMessage, metadata }: RpcError): StatusFields {
  const fields: Record<string, string> = {};
  metadata.forEach((value, name) => {
    fields[name] = value;
  });
  fields["grpc-status"] = String(code);
  fields["grpc-message"] = percentEncode(rawMessage);
  return fields;
}

const encoder = new TextEncoder();

/** Percent-encoding of status messages: printable ASCII but `%` stays as it is. */
export function percentEncode(message: string): string {
  return message.replace(/[^\x20-\x24\x26-\x7e]+/g, (text) => {
    let encoded = "";
    for (const byte of encoder.encode(text)) {
      encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    }
    return encoded;
  });
}

/** What a client is told of anything thrown: an RpcError as it is; anything else is logged, and told as "internal error". */
export function publicError(thrown: unknown, path: string, log: Log): RpcError {
  if (thrown instanceof RpcError) return thrown;
  log.error("a method failed unexpectedly", { path, error: thrown });
  return new RpcError("internal error", Code.Internal);
}

/** What gRPC's answers are made of over HTTP/2, encoded once. */

const responseFields: BlockFields = { ":status": 200, "content-type": "application/grpc" };

export const responseHeaders: HeaderBlock = encodeBlock(responseFields);
export const gzipHeaders: HeaderBlock = encodeBlock({ ...responseFields, "grpc-encoding": "gzip" });
export const okTrailers: HeaderBlock = encodeBlock(okStatus);

interface ErrorBlocks {
  readonly trailers: HeaderBlock;
  /** An answer that has nothing else (Trailers-Only). */
  readonly only: HeaderBlock;
}

/** Services answer with the same few errors over and over. */
const known = new WeakMap<RpcError, ErrorBlocks>();

function errorBlocks(error: RpcError): ErrorBlocks {
  let blocks = known.get(error);
  if (blocks === undefined) {
    const status = statusOf(error);
    blocks = {
      trailers: encodeBlock(status),
      only: encodeBlock({ ...responseFields, ...status }),
    };
    known.set(error, blocks);
  }
  return blocks;
}

/**
 * An error as the whole answer. A client retries what has no headers before its trailers, if its policy
 * names the status (gRFC A6, "committed"): providers' policies name them all. Only what is worth trying again
 * is told that way.
 */
export function answerError(stream: Http2Stream, error: RpcError): void {
  const { only, trailers } = errorBlocks(error);
  if (error.code === Code.Unavailable) {
    stream.answer(only);
    return;
  }
  stream.respond(responseHeaders);
  stream.end(trailers);
}

/** An error after messages. */
export function endWithError(stream: Http2Stream, error: RpcError): void {
  stream.end(errorBlocks(error).trailers);
}
