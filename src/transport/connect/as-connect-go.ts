import { Code } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { percentEncode } from "../grpc/grpc-status.ts";
import { protocolOf } from "./connect-answers.ts";

/*
 * Connect for JavaScript and Connect for Go agree on the protocols, but not on all that these leave
 * open. Clients of Go flagd know the answers of the latter.
 */

/** Says which compression may be used for requests. */
const acceptHeaders = {
  connect_rpc: { unary: "accept-encoding", stream: "connect-accept-encoding" },
  grpc_web: { unary: "grpc-accept-encoding", stream: "grpc-accept-encoding" },
} as const;

const jsonWithCharset = /^application\/json;\s*charset=utf-8$/i;

/**
 * An answer of Connect's handlers as Connect for Go would give it.
 * @param contentType of the request
 */
export async function asConnectGo(
  response: UniversalServerResponse,
  contentType: string | undefined,
  unary: boolean,
): Promise<UniversalServerResponse> {
  const protocol = protocolOf(contentType);
  if (protocol !== "connect_rpc" && protocol !== "grpc_web") return response;
  const header = new Headers(response.header);
  header.set(acceptHeaders[protocol][unary ? "unary" : "stream"], "gzip");
  if (!unary) return { ...response, header };
  if (protocol === "grpc_web") return statusInHeaders({ ...response, header });
  if (response.status !== 200) return errorOf({ ...response, header });
  if (jsonWithCharset.test(contentType ?? "")) {
    header.set("content-type", "application/json; charset=utf-8");
  }
  return { ...response, header };
}

/** What Connect for JavaScript says of a message that it cannot decode: JSON, or binary. */
const undecodable = /^(?:cannot decode |parse binary: )/;

async function errorOf(response: UniversalServerResponse): Promise<UniversalServerResponse> {
  const body = await collect(response.body);
  // An error of this size is compressed, and none about decoding.
  if (response.header?.has("content-encoding")) return { ...response, body: once(body) };
  const { message, ...rest } = JSON.parse(body.toString()) as { message?: string };
  if (message === undefined || !undecodable.test(message)) return { ...response, body: once(body) };
  const error = { ...rest, code: "invalid_argument", message: `unmarshal message: ${message}` };
  const bytes = Buffer.from(JSON.stringify(error));
  const header = new Headers(response.header);
  header.set("content-length", String(bytes.length));
  return { status: 400, header, body: once(bytes) };
}

/** Flag of the frame with the trailers (gRPC-web, "HTTP/2 related behavior"). */
const trailersFlag = 0x80;

/** Without a message there is no body, and the trailers are headers ("trailers-only"). */
async function statusInHeaders(
  response: UniversalServerResponse,
): Promise<UniversalServerResponse> {
  const body = await collect(response.body);
  if (body[0] !== trailersFlag) return { ...response, body: once(body) };
  const header = new Headers(response.header);
  for (const line of body.subarray(5).toString().split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) header.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const message = decodeURIComponent(header.get("grpc-message") ?? "");
  const broken = undecodable.test(message);
  if (broken) header.set("grpc-status", String(Code.InvalidArgument));
  // Connect for JavaScript encodes more than the characters that have to be.
  header.set("grpc-message", percentEncode(broken ? `unmarshal message: ${message}` : message));
  return { status: response.status, header };
}

async function collect(body: UniversalServerResponse["body"]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
