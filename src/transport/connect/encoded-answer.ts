import { createContextKey } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { frameMessage } from "../grpc/envelope.ts";
import { gzip, wantsGzip } from "../gzip.ts";
import { isMessage, protocolOf } from "./classify.ts";

/**
 * The answer of a unary method in the form that its caller reads. Connect would encode a large message in one
 * go: the method encodes it in turns of the event loop, and returns an empty message in its place.
 */
export const encodedAnswer = createContextKey<Uint8Array | undefined>(undefined);

/** The form that a request is written in is that of its answer. */
export function formOf(header: Headers): "bytes" | "json" {
  return /^application\/(?:\S*\+)?json\b/.test(header.get("content-type") ?? "") ? "json" : "bytes";
}

/**
 * The response with `answer` as its message.
 * @param header of the request
 */
export async function withAnswer(
  response: UniversalServerResponse,
  answer: Uint8Array,
  header: Headers,
): Promise<UniversalServerResponse> {
  if (response.status !== 200) return response;
  const headers = new Headers(response.header);
  if (protocolOf(header.get("content-type") ?? undefined) === "connect_rpc") {
    const compress = wantsGzip(answer, header.get("accept-encoding") ?? undefined);
    if (compress) headers.set("content-encoding", "gzip");
    const body = compress ? await gzip(answer) : answer;
    headers.set("content-length", String(body.length));
    return { ...response, header: headers, body: only(body) };
  }
  const accepted = headers.get("grpc-encoding") ?? undefined;
  const compress = wantsGzip(answer, accepted);
  const frame = frameMessage(compress ? await gzip(answer) : answer, compress);
  return { ...response, body: replaceMessage(response.body ?? [], frame) };
}

async function* only(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}

async function* replaceMessage(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  frame: Uint8Array,
): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    yield isMessage(piece) ? frame : piece;
  }
}
