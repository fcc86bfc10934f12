/**
 * The conformance service on the fast paths: gRPC over HTTP/2, and Connect's JSON over HTTP/1.1.
 * They lack what flagd's methods have no use for: metadata of answers that are no errors, and unary
 * answers that take time.
 */
import type { IncomingHttpHeaders } from "node:http";
import { create, fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import type { RpcError } from "../../../src/core/errors.ts";
import { toWebHeaders } from "../../../src/transport/connect/web-headers.ts";
import { frameMessage } from "../../../src/transport/grpc/envelope.ts";
import { parseGrpcTimeout } from "../../../src/transport/grpc/grpc-timeout.ts";
import type { MessageStream, StreamMethod, UnaryMethod } from "../../../src/transport/listener.ts";
import { fastPathError } from "../../support/fast-path-error.ts";
import {
  addHeaders,
  type Caller,
  describeRequest,
  streamPayload,
  toError,
  unaryPayload,
} from "./answers.ts";
import {
  ConformanceService,
  registry,
  ServerStreamRequestSchema,
  ServerStreamResponseSchema,
  type StreamResponseDefinition,
  type UnaryRequest,
  UnaryRequestSchema,
  type UnaryResponse,
  type UnaryResponseDefinition,
  UnaryResponseSchema,
} from "./messages.ts";

const pathOf = (method: string) => `/${ConformanceService.typeName}/${method}`;

export const unary: UnaryMethod = {
  path: pathOf("Unary"),
  call: (message, headers) =>
    toBinary(UnaryResponseSchema, answer(fromBinary(UnaryRequestSchema, message), headers)),
  callJson(message, headers) {
    const text = decoder.decode(message);
    const request = fromJsonString(UnaryRequestSchema, text === "" ? "{}" : text, { registry });
    const definition = request.responseDefinition;
    if (definition?.response.case === "error" || hasMetadata(definition)) return undefined;
    if (definition?.responseDelayMs) return undefined;
    const json = toJsonString(UnaryResponseSchema, answer(request, headers), { registry });
    return encoder.encode(json);
  },
};

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** @throws RpcError if an error is asked for. */
function answer(request: UnaryRequest, headers: IncomingHttpHeaders): UnaryResponse {
  const { responseDefinition } = request;
  const info = describeRequest(callerOf(headers), [anyPack(UnaryRequestSchema, request)]);
  try {
    const payload = unaryPayload(responseDefinition, info);
    return create(UnaryResponseSchema, { payload });
  } catch (error) {
    throw withMetadata(ConnectError.from(error), responseDefinition);
  }
}

export const serverStream: StreamMethod = {
  path: pathOf("ServerStream"),
  open(message, headers, stream) {
    const request = fromBinary(ServerStreamRequestSchema, message);
    const info = describeRequest(callerOf(headers), [anyPack(ServerStreamRequestSchema, request)]);
    const { responseDefinition } = request;
    if (!responseDefinition) return stream.end();
    const { responseData, error } = responseDefinition;
    if (responseData.length > 0) void sendAll(responseDefinition, info, stream);
    else stream.end(error && withMetadata(toError(error, info), responseDefinition));
  },
};

async function sendAll(
  definition: StreamResponseDefinition,
  info: ReturnType<typeof describeRequest>,
  stream: MessageStream,
): Promise<void> {
  const { responseData, responseDelayMs, error } = definition;
  for (const [index, data] of responseData.entries()) {
    await Bun.sleep(responseDelayMs);
    const payload = streamPayload(data, index === 0 ? info : undefined);
    const response = create(ServerStreamResponseSchema, { payload });
    stream.send(frameMessage(toBinary(ServerStreamResponseSchema, response)));
  }
  stream.end(error && withMetadata(toError(error, undefined), definition));
}

function callerOf(headers: IncomingHttpHeaders): Caller {
  const timeout = headers["grpc-timeout"];
  return {
    headers: toWebHeaders(headers),
    timeoutMs: typeof timeout === "string" ? parseGrpcTimeout(timeout) : undefined,
  };
}

function hasMetadata(definition: UnaryResponseDefinition | undefined): boolean {
  if (!definition) return false;
  return definition.responseHeaders.length + definition.responseTrailers.length > 0;
}

function withMetadata(
  error: ConnectError,
  definition: UnaryResponseDefinition | StreamResponseDefinition | undefined,
): RpcError {
  addHeaders(definition?.responseHeaders ?? [], error.metadata);
  addHeaders(definition?.responseTrailers ?? [], error.metadata);
  return fastPathError(error);
}
