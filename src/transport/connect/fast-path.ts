import { codeForm, type RpcError } from "../../core/errors.ts";
import { Call, type TransportContext } from "../call.ts";
import type { Cors } from "../cors.ts";
import { publicError } from "../grpc/grpc-status.ts";
import { wantsGzip } from "../gzip.ts";
import {
  type AnswerForm,
  KeptAnswers,
  type WholeAnswer,
  wholeAnswer,
} from "../http1/kept-answers.ts";
import type { RequestHead } from "../http1/request-head.ts";
import { type FastPath, headEnd, statusLine } from "../http1/response-head.ts";
import type { UnaryMethod } from "../listener.ts";

type Headers = RequestHead["headers"];

/**
 * Answers unary calls of Connect's protocol in JSON by the methods themselves. It skips Connect's handlers, their
 * request and response objects, their interceptors and every promise on the way, and may, as such a method is a
 * function of the message. Compressed requests, deadlines and other content types are for the handlers.
 */
export function createConnectFastPath(
  methods: readonly UnaryMethod[],
  cors: Cors | undefined,
  keepAliveMs: number,
  context: TransportContext,
): FastPath {
  const byPath = new Map(methods.map((method) => [method.path, method]));
  const endOfHead = headEnd(keepAliveMs);
  const { observer, maxBytes, log, guard } = context;

  const kept = new KeptAnswers();

  function respond(status: number, body: Uint8Array, headers: Headers, last: boolean): Buffer {
    const gzip = wantsGzip(body, headers["accept-encoding"]);
    const contentType = status === 200 ? (headers["content-type"] ?? "") : "application/json";
    const form: AnswerForm = {
      end: endOfHead(last),
      cors: cors?.actual(headers.origin),
      type: gzip ? `${contentType} gzip` : contentType,
    };
    const make = (): WholeAnswer => {
      const sent = gzip ? Bun.gzipSync(new Uint8Array(body)) : body;
      let head = `${statusLine(status)}content-length: ${sent.length}\r\n`;
      head += `content-type: ${contentType}\r\naccept-encoding: gzip\r\n`;
      if (gzip) head += "content-encoding: gzip\r\n";
      for (const [name, value] of form.cors ?? []) head += `${name}: ${value}\r\n`;
      return wholeAnswer(head + form.end, sent, body.length);
    };
    return kept.get(body, form, make).bytes;
  }

  return (head, body, last) => {
    const method = byPath.get(head.target);
    if (
      head.method !== "POST" ||
      !method?.callJson ||
      body.length > maxBytes ||
      !isPlainJson(head.headers)
    )
      return undefined;
    if (guard && !guard.admits(head.target, head.headers)) return undefined;
    // Tracing writes into the headers, and heads are used again.
    const headers = observer?.trace ? { ...head.headers } : head.headers;
    const call = observer && new Call(observer, method.path, "connect_rpc", "POST", headers);
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
