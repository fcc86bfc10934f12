/** Handlers of HTTP requests, asked without a server. */
import { Readable } from "node:stream";
import type { HttpHandler, HttpReply, HttpRequest } from "../../src/transport/http-handler.ts";

/** A request of the Fetch API as a server hands it on. */
export function toHttpRequest(request: Request, secure = false): HttpRequest {
  const { method, url, body } = request;
  const headers = Object.fromEntries(request.headers);
  if (body && headers["content-length"] === undefined) headers["transfer-encoding"] = "chunked";
  const stream = body ? Readable.fromWeb(body as never) : Readable.from([]);
  stream.on("error", () => {});
  const target = url.replace(/^https?:\/\/[^/]*/, "");
  return { method, target, headers, body: stream, secure };
}

/** The reply as a client of the Fetch API sees it; undefined: the request is for another handler. */
export async function askHandler(
  handler: HttpHandler,
  request: Request | HttpRequest,
): Promise<Response | undefined> {
  const reply = await handler(request instanceof Request ? toHttpRequest(request) : request);
  return reply && toResponse(reply);
}

function toResponse({ status, headers, body }: HttpReply): Response {
  return new Response(body as BodyInit | null, {
    status,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
  });
}
