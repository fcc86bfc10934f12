/** The messages of the sync service on the wire. */
import type { JsonObject } from "../../core/json.ts";
import { DecodeError, LENGTH_DELIMITED, WireReader } from "../../protobuf/reader.ts";
import { writeStruct } from "../../protobuf/write-struct.ts";
import { WireWriter } from "../../protobuf/writer.ts";
import { invalidArgument } from "../errors.ts";
import type { SyncRequest } from "./request.ts";

const reader = new WireReader();
const writer = new WireWriter();

const FIRST = (1 << 3) | LENGTH_DELIMITED;
const SECOND = (2 << 3) | LENGTH_DELIMITED;

/**
 * `SyncFlagsRequest` and `FetchAllFlagsRequest { string provider_id = 1; string selector = 2; }`, and
 * with neither field `GetMetadataRequest {}`.
 * @throws RpcError when it is no such message
 */
export function decodeSyncRequest(message: Uint8Array): SyncRequest {
  const end = message.length;
  let providerId = "";
  let selector = "";
  try {
    reader.start(message);
    while (reader.position < end) {
      const tag = reader.tag(end);
      if (tag === FIRST) providerId = reader.text(end);
      else if (tag === SECOND) selector = reader.text(end);
      else reader.skip(tag, end, 1);
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw invalidArgument(`unmarshal message: ${error.message}`);
  }
  return { providerId, selector };
}

/** What precedes the `flag_configuration`, field 1 of both responses, of so many bytes. */
export function flagsPrefix(size: number): Uint8Array {
  writer.head(1, size);
  return writer.take();
}

/** The Struct in field 2: of `SyncFlagsResponse` its `sync_context`, of `GetMetadataResponse` the metadata. */
export function encodeContext(context: JsonObject): Uint8Array {
  writer.message(2, () => writeStruct(writer, context));
  return writer.take();
}
