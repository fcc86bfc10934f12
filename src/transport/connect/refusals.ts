import { Code } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { codeForm, type RpcError } from "../../core/errors.ts";
import type { Exchange, HeaderFields } from "../exchange.ts";
import { frameMessage } from "../grpc/envelope.ts";
import { percentEncode, statusOf } from "../grpc/grpc-status.ts";

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

/** Who may not use the port is told so in the protocol that it speaks. */
export function answerRefusal(
  exchange: Exchange,
  error: RpcError,
  handler: UniversalHandler | undefined,
  cors: HeaderFields,
): void {
  const type = exchange.headers["content-type"] ?? "";
  const { name, httpStatus } = codeForm(error.code);
  const own = Object.fromEntries(error.metadata);
  if (type.startsWith("application/grpc-web")) {
    exchange.answer(200, { "content-type": type, ...cors, ...statusOf(error) });
  } else if (type.startsWith("application/grpc")) {
    // Headers of their own, or clients try again (see grpc-answers.ts).
    exchange.respond(200, { "content-type": type, ...cors }, true);
    exchange.end(statusOf(error));
  } else if (handler === undefined) {
    answerText(exchange, httpStatus, error.rawMessage, { ...cors, ...own });
  } else if (type.startsWith("application/connect+")) {
    const end = { error: { code: name, message: error.rawMessage } };
    answerBytes(exchange, 200, type, endOfStream(JSON.stringify(end)), { ...cors, ...own });
  } else {
    const body = encoder.encode(JSON.stringify({ code: name, message: error.rawMessage }));
    answerBytes(exchange, httpStatus, "application/json", body, { ...cors, ...own });
  }
}

function answerBytes(
  exchange: Exchange,
  status: number,
  type: string,
  body: Uint8Array,
  fields: HeaderFields,
): void {
  const length = String(body.length);
  exchange.respond(status, { "content-type": type, "content-length": length, ...fields }, false);
  exchange.write(body);
  exchange.end();
}

/** Flag of the last envelope of a stream in Connect's protocol. */
const endStreamFlag = 2;

function endOfStream(json: string): Uint8Array {
  const frame = frameMessage(encoder.encode(json));
  frame[0] = endStreamFlag;
  return frame;
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
