/**
 * Writes `google.protobuf.Struct`, `Value` and `ListValue` from plain JSON.
 *
 * https://protobuf.dev/reference/protobuf/google.protobuf/#struct
 */
import type { Json, JsonObject } from "../core/json.ts";
import type { WireWriter } from "./writer.ts";

/** The content of a Struct: its members one after the other. */
export function writeStruct(writer: WireWriter, object: JsonObject): void {
  for (const key of Object.keys(object)) {
    writer.message(1, () => {
      writer.text(1, key);
      writer.message(2, () => writeValue(writer, object[key] ?? null));
    });
  }
}

function writeValue(writer: WireWriter, value: Json): void {
  switch (typeof value) {
    case "number":
      writer.double(2, value);
      return;
    case "string":
      writer.text(3, value);
      return;
    case "boolean":
      writer.bool(4, value);
      return;
  }
  if (value === null) writer.bool(1, false);
  else if (Array.isArray(value)) {
    writer.message(6, () => {
      for (const item of value) writer.message(1, () => writeValue(writer, item));
    });
  } else {
    writer.message(5, () => writeStruct(writer, value as JsonObject));
  }
}
