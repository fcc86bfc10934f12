/**
 * What Resolve methods answer, on the wire and in protobuf's JSON. The messages are the same in all
 * versions but for the presence of their fields:
 *
 * `Resolve…Response { value = 1; string reason = 2; string variant = 3; Struct metadata = 4; }`
 */
import type { Json, JsonObject } from "../../core/json.ts";
import { writeStruct } from "../../protobuf/struct.ts";
import { WireWriter } from "../../protobuf/writer.ts";

/** The members of a Resolve response. */
export interface Reply {
  /** Undefined: absent. A bigint is an int64. */
  readonly value: Json | bigint | undefined;
  readonly reason: string;
  readonly variant: string | undefined;
  readonly metadata: JsonObject;
}

const writer = new WireWriter();

/** @param optional fields may be absent and are written even when they are zero */
export function encodeReply({ value, reason, variant, metadata }: Reply, optional: boolean) {
  writeValue(value, optional);
  if (reason !== "") writer.text(2, reason);
  if (variant !== undefined && (optional || variant !== "")) writer.text(3, variant);
  writer.message(4, () => writeStruct(writer, metadata));
  return writer.take();
}

function writeValue(value: Reply["value"], optional: boolean): void {
  switch (typeof value) {
    case "boolean":
      if (optional || value) writer.bool(1, value);
      return;
    case "string":
      if (optional || value !== "") writer.text(1, value);
      return;
    case "number":
      // Minus zero has bits that are set.
      if (optional || !Object.is(value, 0)) writer.double(1, value);
      return;
    case "bigint":
      if (optional || value !== 0n) writer.int64(1, value);
      return;
    case "object":
      writer.message(1, () => writeStruct(writer, value as JsonObject));
      return;
  }
}

/** Zero values are written: Go flagd does, and clients without protobuf rely on finding them. */
export function replyJson({ value, reason, variant, metadata }: Reply): Uint8Array {
  const whole = typeof value === "bigint" ? String(value) : value;
  return Buffer.from(JSON.stringify({ value: whole, reason, variant, metadata }));
}
