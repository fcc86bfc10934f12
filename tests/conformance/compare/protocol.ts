/** The methods of all services by path, and their messages as text that can be compared. */
import {
  type DescMessage,
  type DescMethod,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import type { Json } from "../../../src/core/json.ts";
import { canonicalJson } from "../../../src/flags/canonical.ts";
import * as v1 from "../../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import * as v2 from "../../../src/gen/flagd/evaluation/v2/evaluation_pb.ts";
import * as sync from "../../../src/gen/flagd/sync/v1/sync_pb.ts";
import * as schema from "../../../src/gen/schema/v1/schema_pb.ts";

export const services = [v1.Service, v2.Service, schema.Service] as const;

export const methods: ReadonlyMap<string, DescMethod> = new Map(
  [...services, sync.FlagSyncService].flatMap((service) =>
    service.methods.map((method) => [`/${service.typeName}/${method.name}`, method] as const),
  ),
);

export function encode(message: DescMessage, value: Json): Uint8Array {
  return toBinary(message, fromJson(message, value as JsonValue));
}

/** The same text for the same message; fields that are not set do not show. */
export function decode(message: DescMessage, bytes: Uint8Array): string {
  try {
    return canonicalJson(toJson(message, fromBinary(message, bytes)) as Json);
  } catch (error) {
    return `undecodable ${Buffer.from(bytes).toString("hex")}: ${error}`;
  }
}
