import { codeForm, type RpcError } from "../../core/rpc-error.ts";
import { Call } from "../call.ts";
import type { TransportContext } from "../context.ts";
import type { Cors } from "../cors.ts";
import { wantsGzip } from "../grpc/envelope.ts";
import { publicError } from "../grpc/status.ts";
import { httpDate } from "../http1/date.ts";
import type { PlainAnswer } from "../http1/plain-connection.ts";
import type { PlainHead } from "../http1/plain-head.ts";
import type { UnaryMethod } from "../method.ts";

type Headers = PlainHead["headers"];

const close = "Connection: close\r\n\r\n";

/**
 * Answers unary calls of Connect's protocol in JSON by the methods' own short paths, and answers
 * what Connect's handlers would. Compressed requests, deadlines and other content types are theirs.
 */
export function createJsonUnary(
  methods: readonly UnaryMethod[],
  cors: Cors | undefined,
  keepAliveMs: number,
  context: TransportContext,
): PlainAnswer {
  const byPath = new Map(methods.map((method) => [method.path, method]));
  const keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveMs / 1000}\r\n\r\n`;
  const { watch, maxBytes, log } = context;

  function respond(status: number, body: Uint8Array, headers: Headers, last: boolean): Buffer {
    const gzip = wantsGzip(body, headers["accept-encoding"]);
    const sent = gzip ? Bun.gzipSync(new Uint8Array(body)) : body;
    let head = `HTTP/1.1 ${status} ${reasons[status] ?? ""}\r\ncontent-length: ${sent.length}\r\n`;
    const type = status === 200 ? headers["content-type"] : "application/json";
    head += `content-type: ${type}\r\naccept-encoding: gzip\r\n`;
    if (gzip) head += "content-encoding: gzip\r\n";
    for (const [name, value] of cors?.actual(headers.origin) ?? []) head += `${name}: ${value}\r\n`;
    head += `Date: ${httpDate()}\r\n${last ? close : keepAlive}`;
    const answer = Buffer.allocUnsafe(head.length + sent.length);
    answer.write(head, "latin1");
    answer.set(sent, head.length);
    return answer;
  }

  return (head, body, last) => {
    const method = byPath.get(head.target);
    if (!method?.callJson || body.length > maxBytes || !isPlainJson(head.headers)) return undefined;
    // Tracing writes into the headers, and heads are used again.
    const headers = watch?.trace ? { ...head.headers } : head.headers;
    const call = watch && new Call(watch, method.path, "connect_rpc", "POST", headers);
    let answer: Uint8Array | undefined;
    try {
      answer = method.callJson(body, headers);
    } catch (thrown) {
      const error = publicError(thrown, method.path, log);
      const status = codeForm(error.code).httpStatus;
      call?.finish(status, error.code);
      return respond(status, errorBody(error), headers, last);
    }
    if (answer === undefined) {
      call?.abandon();
      return undefined;
    }
    if (call) {
      call.requestBytes = body.length;
      call.responseBytes = answer.length;
      call.finish(200, 0);
    }
    return respond(200, answer, headers, last);
  };
}

/** Reason phrases of the statuses that Connect's protocol has (RFC 9110 §15). */
const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

function isPlainJson(headers: Headers): boolean {
  const type = headers["content-type"];
  return (
    (type === "application/json" || type === "application/json; charset=utf-8") &&
    headers["content-encoding"] === undefined &&
    headers["connect-timeout-ms"] === undefined &&
    (headers["connect-protocol-version"] ?? "1") === "1"
  );
}

/** Services answer with the same few errors over and over. */
const errorBodies = new WeakMap<RpcError, Uint8Array>();

function errorBody(error: RpcError): Uint8Array {
  let body = errorBodies.get(error);
  if (body === undefined) {
    const { name } = codeForm(error.code);
    const message = error.rawMessage === "" ? undefined : error.rawMessage;
    body = Buffer.from(JSON.stringify({ code: name, message }));
    errorBodies.set(error, body);
  }
  return body;
}
