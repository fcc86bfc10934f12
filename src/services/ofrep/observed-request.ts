import type { CallObserver } from "../../core/calls.ts";
import type { HttpReply } from "../../transport/http-handler.ts";
import type { OfrepRequest } from "./ofrep-request.ts";
import type { Reply } from "./reply.ts";

/** A request that is observed until its reply has ended. `Answer` is what its server sends. */
export interface Observed {
  /** Bytes of its body, once they are known. */
  requestBytes: number;
  /** Once, with the reply, which may be a stream, or take long. */
  send(reply: Reply): HttpReply;
  send(reply: Reply | Promise<Reply>): HttpReply | Promise<HttpReply>;
  /** Runs what leads to the reply. A request whose answer throws is over. */
  attempt<Result>(action: () => Result): Result;
}

/** @param respond makes the server's answer of a reply */
export function observe(
  { onCall, onOpen, trace }: CallObserver,
  { method: httpMethod, headers, path }: Omit<OfrepRequest, "target"> & { readonly path: string },
  respond: (reply: Reply) => HttpReply,
): Observed {
  const span = trace?.({
    path,
    protocol: "http",
    httpMethod,
    header: (name) => headers[name],
    setHeader: (name, value) => {
      headers[name] = value;
    },
  });
  const started = performance.now();
  let over = false;
  const finish = (reply: Reply | undefined, responseBytes: number): void => {
    if (over) return;
    over = true;
    onOpen?.(httpMethod, path, -1);
    const call = reply && {
      path,
      protocol: "http" as const,
      httpMethod,
      httpStatus: reply.status,
      code: undefined,
      milliseconds: performance.now() - started,
      requestBytes: observed.requestBytes,
      responseBytes,
    };
    if (call) onCall?.(call);
    span?.end(call);
  };
  onOpen?.(httpMethod, path, 1);
  const sendNow = (reply: Reply): HttpReply => {
    const { body, closed } = reply;
    if (closed) void closed.then((bytes) => finish(reply, bytes));
    else finish(reply, bytesOf(body));
    return respond(reply);
  };
  const attempt: Observed["attempt"] = (action) => {
    try {
      return action();
    } catch (error) {
      finish(undefined, 0);
      throw error;
    }
  };
  function send(reply: Reply): HttpReply;
  function send(reply: Reply | Promise<Reply>): HttpReply | Promise<HttpReply>;
  function send(reply: Reply | Promise<Reply>): HttpReply | Promise<HttpReply> {
    if (!(reply instanceof Promise)) return sendNow(reply);
    return reply.then(sendNow, (error) => {
      finish(undefined, 0);
      throw error;
    });
  }
  const observed: Observed = { requestBytes: 0, send, attempt };
  return observed;
}

function bytesOf(body: Reply["body"]): number {
  if (typeof body === "string") return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.length : 0;
}
