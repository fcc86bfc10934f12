import type { RpcError } from "../../core/rpc-error.ts";
import { type BlockFields, encodeBlock, type HeaderBlock } from "../http2/hpack/encoder.ts";
import { okStatus, statusOf } from "./status.ts";

/** What gRPC's answers are made of over HTTP/2, encoded once. */

const responseFields: BlockFields = { ":status": 200, "content-type": "application/grpc" };

export const responseHeaders: HeaderBlock = encodeBlock(responseFields);
export const gzipHeaders: HeaderBlock = encodeBlock({ ...responseFields, "grpc-encoding": "gzip" });
export const okTrailers: HeaderBlock = encodeBlock(okStatus);

interface ErrorBlocks {
  readonly trailers: HeaderBlock;
  /** An answer that has nothing else ("trailers-only"). */
  readonly alone: HeaderBlock;
}

/** Services answer with the same few errors over and over. */
const known = new WeakMap<RpcError, ErrorBlocks>();

/** The header blocks that tell a client of an error. */
export function errorBlocks(error: RpcError): ErrorBlocks {
  let blocks = known.get(error);
  if (blocks === undefined) {
    const status = statusOf(error);
    blocks = {
      trailers: encodeBlock(status),
      alone: encodeBlock({ ...responseFields, ...status }),
    };
    known.set(error, blocks);
  }
  return blocks;
}
