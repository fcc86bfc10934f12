/** Answers of OFREP that are not about a flag, and the form that all answers have. */
import { codeForm, type RpcError } from "../../core/errors.ts";
import { htmlSafeJson } from "../../flags/canonical.ts";
import type { HeaderList } from "../../transport/cors.ts";
import type { HttpReply } from "../../transport/http-handler.ts";

/** A reply, and what is measured of it. */
export interface Reply extends HttpReply {
  /** Of a stream: resolves with its length when it is over. */
  readonly closed?: Promise<number>;
}

const contentType = ["Content-Type", "application/json"] as const;
const close = ["Connection", "close"] as const;

const jsonOnly: HeaderList = [contentType];

/** A reply with a JSON body. */
export function json(status: number, body: string | Uint8Array, headers?: HeaderList): Reply {
  return { status, headers: headers ? [contentType, ...headers] : jsonOnly, body };
}

export const badRequestPage: Reply = {
  status: 400,
  headers: [["Content-Type", "text/plain; charset=utf-8"]],
  body: "400 Bad Request",
};

export function methodNotAllowed(allowed: "GET" | "POST"): Reply {
  return { status: 405, headers: [["Allow", allowed]], body: null };
}

/** A stream of server-sent events. */
export function eventStream({
  body,
  closed,
}: Pick<Required<Reply>, "closed"> & { readonly body: NonNullable<Reply["body"]> }): Reply {
  const headers = [
    ["Content-Type", "text/event-stream"],
    ["Cache-Control", "no-store"],
    // nginx would keep events back.
    ["X-Accel-Buffering", "no"],
  ] as const;
  return { status: 200, headers, body, closed };
}

export const tooManyStreams: Reply = json(
  503,
  '{"errorDetails":"too many event streams are open; poll, or try again later"}',
  [["Retry-After", "30"]],
);

export function redirect(location: string): Reply {
  return { status: 301, headers: [["Location", location]], body: null };
}

/** Why a request is refused. */
export type Refusal =
  | "too large"
  | "incomplete"
  | "invalid"
  /** What is wrong with the selector. */
  | { readonly selector: string }
  /** What the client may not do. */
  | { readonly denied: string };

/** Who may not use OFREP is told so (401, 403 and 429 of its specification). */
export function unauthorized({ code, rawMessage, metadata }: RpcError): Reply {
  const { httpStatus } = codeForm(code);
  return json(httpStatus, JSON.stringify({ errorDetails: rawMessage }), [...metadata]);
}

/** Why a request is not evaluated. `key` is given if it was about one flag. */
export function refusal(reason: Refusal, key: string | undefined): Reply {
  if (reason === "too large") {
    return json(413, '{"errorDetails":"request body too large"}', [close]);
  }
  if (typeof reason === "object" && "denied" in reason) {
    return json(403, JSON.stringify({ errorDetails: reason.denied }));
  }
  const [errorCode, errorDetails] =
    typeof reason === "object"
      ? ["GENERAL", `invalid selector: ${reason.selector}`]
      : ["INVALID_CONTEXT", "Provider context is not valid"];
  const subject = key === undefined ? "" : `"key":${htmlSafeJson(key)},`;
  const body = `{${subject}"errorCode":"${errorCode}","errorDetails":${htmlSafeJson(errorDetails)}}`;
  // The rest of a body that did not arrive must not be taken for the next request.
  return json(400, body, reason === "incomplete" ? [close] : []);
}
