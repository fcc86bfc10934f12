import type { Log } from "../../core/log.ts";
import { Code, RpcError } from "../../core/rpc-error.ts";

export type StatusFields = Readonly<Record<string, string>>;

export const okStatus: StatusFields = Object.freeze({ "grpc-status": "0" });

/** An error as `grpc-status`, `grpc-message` and the error's own metadata. */
export function statusOf({ code, rawMessage, metadata }: RpcError): StatusFields {
  const fields: Record<string, string> = {};
  metadata.forEach((value, name) => {
    fields[name] = value;
  });
  fields["grpc-status"] = String(code);
  fields["grpc-message"] = percentEncode(rawMessage);
  return fields;
}

const encoder = new TextEncoder();

/** Percent-encoding of status messages: printable ASCII but `%` stays as it is. */
export function percentEncode(message: string): string {
  return message.replace(/[^\x20-\x24\x26-\x7e]+/g, (text) => {
    let encoded = "";
    for (const byte of encoder.encode(text)) {
      encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    }
    return encoded;
  });
}

/** What a client is told of anything thrown: an RpcError as it is; anything else is logged, and told as "internal error". */
export function publicError(thrown: unknown, path: string, log: Log): RpcError {
  if (thrown instanceof RpcError) return thrown;
  log.error("a method failed unexpectedly", { path, error: thrown });
  return new RpcError("internal error", Code.Internal);
}
