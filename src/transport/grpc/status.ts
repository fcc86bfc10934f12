import { Code, ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { Log } from "../../telemetry/log.ts";

export type StatusFields = Readonly<Record<string, string>>;

export const okStatus: StatusFields = Object.freeze({ "grpc-status": "0" });

/** An error as `grpc-status`, `grpc-message`, `grpc-status-details-bin` and the error's own metadata. */
export function statusOf(error: ConnectError): StatusFields {
  const fields: Record<string, string> = {};
  const hasMetadata = error.metadata.keys().next().done !== true;
  if (error.details.length > 0 || hasMetadata) {
    setTrailerStatus(new Headers(), error).forEach((value, name) => {
      fields[name] = value;
    });
  }
  fields["grpc-status"] = String(error.code);
  fields["grpc-message"] = percentEncode(error.rawMessage);
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

/** What a client may learn of anything thrown: a ConnectError as it is, of others nothing. */
export function publicError(thrown: unknown, path: string, log: Log): ConnectError {
  if (thrown instanceof ConnectError) return thrown;
  log.error("a method failed unexpectedly", { path, error: thrown });
  return new ConnectError("internal error", Code.Internal);
}
