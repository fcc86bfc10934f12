import type { CallRecord, CallWatch } from "../../transport/listener.ts";
import { requestPath } from "../../transport/request-path.ts";
import type { Reply } from "./reply.ts";

/** Makes a reply, watched from the request to the reply's end. */
export async function watched(
  { onCall, onOpen, trace }: CallWatch,
  request: Request,
  make: () => Promise<Reply>,
): Promise<Reply> {
  const { method: httpMethod, headers } = request;
  const path = requestPath(request);
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
  onOpen?.(httpMethod, path, 1);
  let reply: Reply;
  try {
    reply = await make();
  } catch (error) {
    finish(undefined, 0);
    throw error;
  }
  const { body, closed } = reply;
  if (closed) void closed.then((bytes) => finish(reply, bytes));
  else finish(reply, typeof body === "string" ? Buffer.byteLength(body) : 0);
  return reply;
}
