/**
 * The conformance service on the short path of gRPC. What that path lacks (flagd's methods have no
 * use for it) is not asked of it: metadata of answers, and unary answers that take time.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { parseGrpcTimeout } from "../../../src/transport/grpc/timeout.ts";
import {
  frameMessage,
  type MessageStream,
  type StreamMethod,
  type UnaryMethod,
} from "../../../src/transport/method.ts";
import { toWebHeaders } from "../../../src/transport/universal/headers.ts";
import { type Caller, describeRequest, streamPayload, toError, unaryPayload } from "./answers.ts";
import {
  ConformanceService,
  ServerStreamRequestSchema,
  ServerStreamResponseSchema,
  type StreamResponseDefinition,
  UnaryRequestSchema,
  UnaryResponseSchema,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";

const pathOf = (method: string) => `/${ConformanceService.typeName}/${method}`;

export const unary: UnaryMethod = {
  path: pathOf("Unary"),
  call(message, headers) {
    const request = fromBinary(UnaryRequestSchema, message);
    const info = describeRequest(callerOf(headers), [anyPack(UnaryRequestSchema, request)]);
    const payload = unaryPayload(request.responseDefinition, info);
    return toBinary(UnaryResponseSchema, create(UnaryResponseSchema, { payload }));
  },
};

export const serverStream: StreamMethod = {
  path: pathOf("ServerStream"),
  open(message, headers, stream) {
    const request = fromBinary(ServerStreamRequestSchema, message);
    const info = describeRequest(callerOf(headers), [anyPack(ServerStreamRequestSchema, request)]);
    const { responseDefinition } = request;
    if (!responseDefinition) return stream.end();
    if (responseDefinition.responseData.length > 0)
      return void sendAll(responseDefinition, info, stream);
    stream.end(responseDefinition.error && toError(responseDefinition.error, info));
  },
};

async function sendAll(
  { responseData, responseDelayMs, error }: StreamResponseDefinition,
  info: ReturnType<typeof describeRequest>,
  stream: MessageStream,
): Promise<void> {
  for (const [index, data] of responseData.entries()) {
    await Bun.sleep(responseDelayMs);
    const payload = streamPayload(data, index === 0 ? info : undefined);
    const response = create(ServerStreamResponseSchema, { payload });
    stream.send(frameMessage(toBinary(ServerStreamResponseSchema, response)));
  }
  stream.end(error && toError(error, undefined));
}

function callerOf(headers: Parameters<UnaryMethod["call"]>[1]): Caller {
  const timeout = headers["grpc-timeout"];
  return {
    headers: toWebHeaders(headers),
    timeoutMs: typeof timeout === "string" ? parseGrpcTimeout(timeout) : undefined,
  };
}
