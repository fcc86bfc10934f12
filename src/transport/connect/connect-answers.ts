import { Code, createContextKey } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { CallRecord } from "../../core/calls.ts";
import { frameMessage } from "../grpc/envelope.ts";
import { gzip, wantsGzip } from "../gzip.ts";

/** Which protocol a request to a method speaks, by its content type. */
export function protocolOf(contentType: string | undefined): CallRecord["protocol"] {
  if (contentType === undefined) return "http";
  if (contentType.startsWith("application/grpc-web")) return "grpc_web";
  if (contentType.startsWith("application/grpc")) return "grpc";
  return "connect_rpc";
}

/** Flags of the envelopes that end a stream: Connect's, and gRPC-web's with the trailers. */
const endFlags = 0x82;

/** Is what Connect's handlers gave, an envelope at a time, a message? */
export function isMessage([flags = 0]: Uint8Array): boolean {
  return (flags & endFlags) === 0;
}

/** Connect's HTTP statuses of errors; those of several codes stand for the likeliest. */
const codes: Readonly<Record<number, Code>> = {
  400: Code.InvalidArgument,
  401: Code.Unauthenticated,
  403: Code.PermissionDenied,
  404: Code.NotFound,
  409: Code.Aborted,
  429: Code.ResourceExhausted,
  499: Code.Canceled,
  500: Code.Unknown,
  501: Code.Unimplemented,
  503: Code.Unavailable,
  504: Code.DeadlineExceeded,
};

/**
 * The gRPC code of a finished answer.
 * @param failed the code of the error that the method threw, if it did
 */
export function codeOf(
  response: UniversalServerResponse,
  gone: boolean,
  failed: Code | undefined,
): number | undefined {
  const status = response.trailer?.get("grpc-status") ?? response.header?.get("grpc-status");
  if (status) return Number(status);
  if (gone) return Code.Canceled;
  return failed ?? (response.status === 200 ? 0 : codes[response.status]);
}

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
