/** One request, by whichever protocol. */
import type { Json, JsonObject } from "../../../src/core/json.ts";
import type { PortName } from "./daemon.ts";
import type { HttpRequest } from "./http.ts";
import { methods } from "./protocol.ts";

/** What a request asks, if its form says that. */
export interface Question {
  readonly surface: "ofrep" | "v1" | "v2" | "schema" | "sync";
  /** Of a Resolve method: `Boolean`, `Int` … */
  readonly type?: string;
  /** Absent: all flags. */
  readonly key?: string;
  readonly context: JsonObject;
}

interface Common {
  /** By which differences are grouped. */
  readonly kind: string;
  readonly port: PortName;
  readonly selector: string | undefined;
  readonly question?: Question;
}

export type Request =
  | (Common & { readonly http: HttpRequest })
  | (Common & {
      readonly grpc: {
        readonly path: string;
        readonly message: Uint8Array;
        readonly headers: Readonly<Record<string, string>>;
      };
    });

/** Bytes as gRPC frames a message. */
export function envelope(message: Uint8Array): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** For messages to people. */
export function describe(request: Request): Json {
  if ("grpc" in request) {
    const { path, message, headers } = request.grpc;
    const input = methods.get(path)?.input;
    return {
      path,
      headers,
      message: (request.question as unknown as Json) ?? Buffer.from(message).toString("hex"),
      type: input?.typeName ?? "",
    };
  }
  const { method, target, headers, body = "" } = request.http;
  const text = typeof body === "string" ? body : `hex ${Buffer.from(body).toString("hex")}`;
  return {
    request: `${method} ${target}`,
    headers: headers as unknown as Json,
    body: text.slice(0, 1500),
  };
}
