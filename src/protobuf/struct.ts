/**
 * Reads `google.protobuf.Struct` into a plain object, without the message objects between.
 * Answers as protobuf-es does: a repeated message field merges, of scalars the last counts.
 *
 * https://protobuf.dev/reference/protobuf/google.protobuf/#struct
 */

import { type Json, setMember } from "../core/json.ts";
import {
  DecodeError,
  FIXED64,
  LENGTH_DELIMITED,
  MAX_DEPTH,
  VARINT,
  type WireReader,
} from "./reader.ts";

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
    if (tag === ENTRY_KEY) key = reader.text(end);
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
