import { Code } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { Exchange, HeaderFields } from "../exchange.ts";
import { percentEncode } from "../grpc/grpc-status.ts";

/** Answers to requests that are no call of a method here. */

const text = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
const encoder = new TextEncoder();

/** An answer with a line of text. */
export function answerText(
  exchange: Exchange,
  status: number,
  message: string,
  fields: HeaderFields = {},
): void {
  const body = encoder.encode(`${message}\n`);
  exchange.respond(status, { ...text, "content-length": String(body.length), ...fields }, false);
  exchange.write(body);
  exchange.end();
}

/** An answer without a body. */
export function answerEmpty(exchange: Exchange, status: number, fields: HeaderFields): void {
  const length: HeaderFields = status === 204 ? {} : { "content-length": "0" };
  exchange.answer(status, { ...length, ...fields });
}

/**
 * gRPC clients take a bare 404 for an internal error or a proxy's answer: they are told
 * UNIMPLEMENTED, by a status without a message.
 */
export function answerUnknown(
  exchange: Exchange,
  path: string,
  services: ReadonlySet<string>,
  fields: HeaderFields,
  hint: string | undefined,
): { status: number; code: Code | undefined } {
  const contentType = exchange.headers["content-type"];
  if (!contentType?.startsWith("application/grpc")) {
    answerText(exchange, 404, `404 page not found${hint ? `: ${hint}` : ""}`, fields);
    return { status: 404, code: undefined };
  }
  const [, service = "", method = ""] = path.split("/");
  const message = services.has(service)
    ? `unknown method ${method} for service ${service}`
    : `unknown service ${service}`;
  const status = {
    "grpc-status": String(Code.Unimplemented),
    "grpc-message": percentEncode(message),
  };
  const headers = { "content-type": contentType, ...fields };
  if (contentType.startsWith("application/grpc-web") || exchange.httpVersion !== "2.0") {
    exchange.answer(200, { ...headers, ...status });
  } else {
    // Headers of their own, or clients try again (see grpc-answers.ts).
    exchange.respond(200, headers, true);
    exchange.end(status);
  }
  return { status: 200, code: Code.Unimplemented };
}

const grpcTypes = ["", "+json", "+json; charset=utf-8", "+proto"];

/** The `Accept-Post` of a 415 (Connect's protocol reference, "unsupported media type"). */
export function acceptPost(handler: UniversalHandler): string {
  const types: string[] = [];
  const add = (prefix: string, suffixes: string[]) => {
    for (const suffix of suffixes) types.push(prefix + suffix);
  };
  const unary = handler.method.methodKind === "unary";
  if (handler.protocolNames.includes("connect") && !unary) {
    add("application/connect", grpcTypes.slice(1));
  }
  add("application/grpc", grpcTypes);
  if (handler.protocolNames.includes("grpc-web")) add("application/grpc-web", grpcTypes);
  if (handler.protocolNames.includes("connect") && unary) {
    types.push("application/json", "application/json; charset=utf-8", "application/proto");
  }
  return types.join(", ");
}
