/** Reads requests in JSON when they are written as clients write them. */

import { isObject, type Json } from "../../core/json.ts";
import type { EvaluationContext } from "../../evaluation/resolve.ts";

interface JsonRequest {
  readonly flagKey: string;
  readonly context: EvaluationContext;
}

/** Levels of nesting that a plain context has at most; protobuf's JSON ends at 100. */
const maxDepth = 8;

/**
 * `{"flagKey": "…", "context": {…}}`, both optional.
 * @param keyed requests of that method have a flag key
 * @returns undefined where protobuf's JSON mapping has to be asked: for other members or types, names
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
