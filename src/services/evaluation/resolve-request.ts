import type { EvaluationContext } from "../../evaluation/resolve.ts";
import { LENGTH_DELIMITED, WireReader } from "../../protobuf/reader.ts";
import { readStruct } from "../../protobuf/struct.ts";

/** Reads the requests of all Resolve methods; their shapes are the same in every version. */

const reader = new WireReader();

const FIRST = (1 << 3) | LENGTH_DELIMITED;
const SECOND = (2 << 3) | LENGTH_DELIMITED;

/** A Resolve request whose context has not been read yet. */
export interface ResolveRequest {
  readonly flagKey: string;
  /** @throws DecodeError */
  readContext(): EvaluationContext;
}

/**
 * `Resolve…Request { string flag_key = 1; Struct context = 2; }`
 *
 * The context, most of the message, is read and checked only if it is asked for: most flags
 * have no targeting. Until then `message` must not change.
 * @throws DecodeError
 */
export function decodeResolveRequest(message: Uint8Array): ResolveRequest {
  const end = message.length;
  let flagKey = "";
  reader.start(message);
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === FIRST) flagKey = reader.text(end);
    else reader.skip(tag, end, 1);
  }
  return { flagKey, readContext: () => decodeContext(message, SECOND) };
}

/**
 * `ResolveAllRequest { Struct context = 1; }`
 * @throws DecodeError
 */
export function decodeResolveAllRequest(message: Uint8Array): EvaluationContext {
  return decodeContext(message, FIRST);
}

function decodeContext(message: Uint8Array, field: number): EvaluationContext {
  const end = message.length;
  const context: EvaluationContext = {};
  reader.start(message);
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === field) readStruct(reader, reader.delimited(end), 2, context);
    else reader.skip(tag, end, 1);
  }
  return context;
}

/**
 * `EventStreamRequest {}`
 * @throws DecodeError
 */
export function decodeEmptyRequest(message: Uint8Array): void {
  reader.start(message);
  while (reader.position < message.length)
    reader.skip(reader.tag(message.length), message.length, 1);
}
