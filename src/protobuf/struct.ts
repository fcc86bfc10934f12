/**
 * Writes `google.protobuf.Struct` from plain JSON, and reads it into a plain object, without the message objects between.
 * Answers as protobuf-es does: a repeated message field merges, of scalars the last counts.
 *
 * https://protobuf.dev/reference/protobuf/google.protobuf/#struct
 */
import { type Json, type JsonObject, setMember } from "../core/json.ts";

import {
  DecodeError,
  FIXED64,
  LENGTH_DELIMITED,
  MAX_DEPTH,
  VARINT,
  type WireReader,
} from "./reader.ts";
import type { WireWriter } from "./writer.ts";

type MutableObject = Record<string, Json>;

const field = (number: number, wireType: number) => (number << 3) | wireType;

const FIELDS = field(1, LENGTH_DELIMITED);
const ENTRY_KEY = field(1, LENGTH_DELIMITED);
const ENTRY_VALUE = field(2, LENGTH_DELIMITED);
const NULL_VALUE = field(1, VARINT);
const NUMBER_VALUE = field(2, FIXED64);
const STRING_VALUE = field(3, LENGTH_DELIMITED);
const BOOL_VALUE = field(4, VARINT);
const STRUCT_VALUE = field(5, LENGTH_DELIMITED);
const LIST_VALUE = field(6, LENGTH_DELIMITED);
const VALUES = field(1, LENGTH_DELIMITED);

/** Reads up to `end` into `object`. `depth` counts messages, the outermost is 1. */
export function readStruct(
  reader: WireReader,
  end: number,
  depth: number,
  object: MutableObject,
): MutableObject {
  checkDepth(depth);
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === FIELDS) readEntry(reader, reader.delimited(end), depth, object);
    else reader.skip(tag, end, depth);
  }
  return object;
}

function readEntry(reader: WireReader, end: number, depth: number, object: MutableObject): void {
  let key = "";
  let value: Json = null;
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === ENTRY_KEY) key = reader.name(end);
    else if (tag === ENTRY_VALUE) {
      value = readValue(reader, reader.delimited(end), depth + 1, value);
    } else reader.skip(tag, end, depth);
  }
  setMember(object, key, value);
}

function readValue(reader: WireReader, end: number, depth: number, before: Json): Json {
  checkDepth(depth);
  let value = before;
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case NULL_VALUE:
        reader.varint(end);
        value = null;
        break;
      case NUMBER_VALUE:
        value = reader.double(end);
        break;
      case STRING_VALUE:
        value = reader.text(end);
        break;
      case BOOL_VALUE:
        value = reader.bool(end);
        break;
      case STRUCT_VALUE: {
        const object: MutableObject = isObject(value) ? value : {};
        value = readStruct(reader, reader.delimited(end), depth + 1, object);
        break;
      }
      case LIST_VALUE: {
        const list: Json[] = Array.isArray(value) ? value : [];
        value = readList(reader, reader.delimited(end), depth + 1, list);
        break;
      }
      default:
        reader.skip(tag, end, depth);
    }
  }
  return value;
}

function readList(reader: WireReader, end: number, depth: number, list: Json[]): Json[] {
  checkDepth(depth);
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === VALUES) list.push(readValue(reader, reader.delimited(end), depth + 1, null));
    else reader.skip(tag, end, depth);
  }
  return list;
}

function isObject(value: Json): value is MutableObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH) throw new DecodeError("too deeply nested");
}

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
