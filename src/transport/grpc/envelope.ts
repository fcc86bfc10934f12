import { Code, RpcError } from "../../core/errors.ts";

/** A message on the wire follows one byte of flags and its length in four. */
export const envelopeBytes = 5;
const compressedFlag = 1;

/** Refuses a request that is valid by itself, because of the other requests on its connection. */
export const tooMuchUnfinished = "too many bytes of unfinished requests on one connection";

/** The error for a message above the limit. */
export function tooLarge(size: number, maxBytes: number): RpcError {
  return new RpcError(
    `message size ${size} is larger than the limit of ${maxBytes} bytes`,
    Code.ResourceExhausted,
  );
}

/**
 * The one message in the body of a unary or server-streaming request.
 * @param encoding The request's `grpc-encoding`.
 * @throws RpcError
 */
export function unwrapMessage(
  body: Uint8Array,
  encoding: string | undefined,
  maxBytes: number,
): Uint8Array {
  if (body.length === 0) {
    throw new RpcError("protocol error: missing input message", Code.Unimplemented);
  }
  if (body.length < envelopeBytes) throw incomplete();
  const flags = body[0] ?? 0;
  if (flags > compressedFlag) {
    throw new RpcError(`protocol error: invalid envelope flags ${flags}`, Code.Internal);
  }
  const size = messageBytes(body);
  if (size > maxBytes) throw tooLarge(size, maxBytes);
  if (body.length < envelopeBytes + size) throw incomplete();
  if (body.length > envelopeBytes + size) {
    throw new RpcError("protocol error: received extra input message", Code.Unimplemented);
  }
  const message = body.subarray(envelopeBytes);
  return flags === compressedFlag ? decompress(message, encoding, maxBytes) : message;
}

/** Writes what precedes a message of so many bytes. */
export function writeEnvelope(target: Uint8Array, size: number, compressed = false): void {
  target[0] = compressed ? compressedFlag : 0;
  target[1] = size >>> 24;
  target[2] = size >>> 16;
  target[3] = size >>> 8;
  target[4] = size;
}

/** What precedes a message. */
export function envelopeOf({ length }: Uint8Array, compressed = false): Uint8Array {
  const envelope = new Uint8Array(envelopeBytes);
  writeEnvelope(envelope, length, compressed);
  return envelope;
}

/** A message behind its envelope. @param compressed it is */
export function frameMessage(message: Uint8Array, compressed = false): Uint8Array {
  const frame = new Uint8Array(envelopeBytes + message.length);
  writeEnvelope(frame, message.length, compressed);
  frame.set(message, envelopeBytes);
  return frame;
}

/** What an envelope says of the message that follows it. */
export function messageBytes(envelope: Uint8Array): number {
  const byte = (at: number) => envelope[at] ?? 0;
  return ((byte(1) << 24) | (byte(2) << 16) | (byte(3) << 8) | byte(4)) >>> 0;
}

function incomplete(): RpcError {
  return new RpcError("protocol error: incomplete envelope", Code.InvalidArgument);
}

/** @throws RpcError when a request names a compression other than gzip. */
export function checkEncoding(encoding: string | undefined): void {
  if (encoding === undefined || encoding === "gzip" || encoding === "identity") return;
  throw new RpcError(
    `unknown compression "${encoding}": supported encodings are gzip`,
    Code.Unimplemented,
    new Headers({ "grpc-accept-encoding": "gzip" }),
  );
}

function decompress(message: Uint8Array, encoding: string | undefined, maxBytes: number) {
  if (encoding !== "gzip") {
    throw new RpcError(
      "received compressed envelope, but do not know how to decompress",
      Code.Internal,
    );
  }
  if (message.length === 0) return message;
  // Few clients compress requests: the module is loaded for the first that does.
  const { gunzipSync } = process.getBuiltinModule("node:zlib");
  try {
    return gunzipSync(message, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new RpcError(
        `message is larger than the limit of ${maxBytes} bytes after decompression`,
        Code.ResourceExhausted,
      );
    }
    throw new RpcError("decompression failed", Code.InvalidArgument);
  }
}
