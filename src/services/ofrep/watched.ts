import type { CallRecord, CallWatch } from "../../transport/listener.ts";
import type { Reply } from "./reply.ts";

/**
 * Makes a reply, watched from the request to the reply's end. There is a promise only where making the
 * reply has to wait: most of what a request costs beside its evaluation is promises.
 */
export function watched<Result>(
  { onCall, onOpen, trace }: CallWatch,
  request: Request,
  path: string,
  make: () => Reply | Promise<Reply>,
  use: (reply: Reply) => Result,
): Result | Promise<Result> {
  const { method: httpMethod, headers } = request;
  const span = trace?.({
    path,
    protocol: "http",
    httpMethod,
    header: (name) => headers.get(name) ?? undefined,
    setHeader: (name, value) => headers.set(name, value),
  });
  const started = performance.now();
  const finish = (reply: Reply | undefined, responseBytes: number): void => {
    onOpen?.(httpMethod, path, -1);
    const call: CallRecord | undefined = reply && {
      path,
      protocol: "http",
      httpMethod,
      httpStatus: reply.status,
      code: undefined,
      milliseconds: performance.now() - started,
      requestBytes: reply.requestBytes ?? 0,
      responseBytes,
    };
    if (call) onCall?.(call);
    span?.end(call);
  };
  const made = (reply: Reply): Result => {
    const { body, closed } = reply;
    if (closed) void closed.then((bytes) => finish(reply, bytes));
    else finish(reply, typeof body === "string" ? Buffer.byteLength(body) : 0);
    return use(reply);
  };
  const failed = (error: unknown): never => {
    finish(undefined, 0);
    throw error;
  };
  onOpen?.(httpMethod, path, 1);
  let reply: Reply | Promise<Reply>;
  try {
    reply = make();
  } catch (error) {
    return failed(error);
  }
  return reply instanceof Promise ? reply.then(made, failed) : made(reply);
}
