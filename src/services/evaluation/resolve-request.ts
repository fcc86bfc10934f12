/** Reads the requests of all Resolve methods, in protobuf and in JSON; their shapes are the same in every version. */

import { isObject, type Json } from "../../core/json.ts";
import type { EvaluationContext } from "../../evaluation/resolve.ts";
import { LENGTH_DELIMITED, WireReader } from "../../protobuf/reader.ts";
import { readStruct } from "../../protobuf/struct.ts";

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
    if (tag === FIRST) flagKey = reader.name(end);
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

interface JsonRequest {
  readonly flagKey: string;
  readonly context: EvaluationContext;
}

/** Levels of nesting that a plain context has at most; protobuf's JSON ends at 100. */
const maxDepth = 8;

/**
 * `{"flagKey": "…", "context": {…}}`, both optional.
 * @param keyed requests of that method have a flag key
 * @returns undefined if protobuf's JSON mapping has to be asked: for other members or types, names
 *   in another form, escapes that may be half a character, numbers beyond a double's range, depth.
 */
export function readJsonRequest(message: Uint8Array, keyed: boolean): JsonRequest | undefined {
  const text = Buffer.from(message.buffer, message.byteOffset, message.length).toString();
  const request = text.includes("\\u") ? undefined : parse(text);
  if (!isObject(request)) return undefined;
  let flagKey = "";
  let context: EvaluationContext = {};
  for (const name in request) {
    const member = request[name];
    if (keyed && name === "flagKey" && typeof member === "string") flagKey = member;
    else if (name === "context" && isObject(member) && isPlain(member, 1)) context = member;
    else return undefined;
  }
  return { flagKey, context };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPlain(value: Json, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return depth <= maxDepth && Object.values(value).every((member) => isPlain(member, depth + 1));
}
