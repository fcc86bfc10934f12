import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import {
  addHeaders,
  type Caller,
  describeRequest,
  streamPayload,
  toError,
  unaryPayload,
} from "./answers.ts";
import {
  type BidiStreamRequest,
  BidiStreamRequestSchema,
  type BidiStreamResponseSchema,
  ClientStreamRequestSchema,
  type ConformancePayload,
  ConformanceService,
  IdempotentUnaryRequestSchema,
  RequestInfoSchema,
  registry,
  type ServerStreamRequest,
  ServerStreamRequestSchema,
  type ServerStreamResponseSchema,
  type StreamResponseDefinition,
  UnaryRequestSchema,
  type UnaryResponseDefinition,
} from "./messages.ts";

/** The conformance service for Connect's router; its method Unimplemented is left out, as it asks. */
export function routes(router: ConnectRouter): void {
  router.service(
    ConformanceService,
    {
      async unary(request, context) {
        const requests = [anyPack(UnaryRequestSchema, request)];
        return { payload: await answer(request.responseDefinition, requests, context) };
      },
      async idempotentUnary(request, context) {
        const requests = [anyPack(IdempotentUnaryRequestSchema, request)];
        return { payload: await answer(request.responseDefinition, requests, context) };
      },
      async clientStream(messages, context) {
        let definition: UnaryResponseDefinition | undefined;
        const requests: Any[] = [];
        for await (const message of messages) {
          if (requests.length === 0) definition = message.responseDefinition;
          requests.push(anyPack(ClientStreamRequestSchema, message));
        }
        return { payload: await answer(definition, requests, context) };
      },
      serverStream,
      bidiStream,
    },
    { jsonOptions: { registry } },
  );
}

async function answer(
  definition: UnaryResponseDefinition | undefined,
  requests: Any[],
  context: HandlerContext,
): Promise<ConformancePayload> {
  addMetadata(definition, context);
  await Bun.sleep(definition?.responseDelayMs ?? 0);
  return unaryPayload(definition, describeRequest(callerOf(context), requests));
}

async function* serverStream(
  request: ServerStreamRequest,
  context: HandlerContext,
): AsyncGenerator<MessageInitShape<typeof ServerStreamResponseSchema>> {
  const definition = request.responseDefinition;
  addMetadata(definition, context);
  const requests = [anyPack(ServerStreamRequestSchema, request)];
  const info = describeRequest(callerOf(context), requests);
  yield* remaining(definition, 0, () => info);
}

async function* bidiStream(
  messages: AsyncIterable<BidiStreamRequest>,
  context: HandlerContext,
): AsyncGenerator<MessageInitShape<typeof BidiStreamResponseSchema>> {
  let definition: StreamResponseDefinition | undefined;
  let fullDuplex = false;
  let requests: Any[] = [];
  let first = true;
  let sent = 0;
  for await (const message of messages) {
    requests.push(anyPack(BidiStreamRequestSchema, message));
    if (first) {
      first = false;
      definition = message.responseDefinition;
      fullDuplex = message.fullDuplex;
      addMetadata(definition, context);
    }
    if (!fullDuplex) continue;
    const data = definition?.responseData[sent];
    if (!data) break;
    await Bun.sleep(definition?.responseDelayMs ?? 0);
    const info =
      sent === 0
        ? describeRequest(callerOf(context), requests)
        : create(RequestInfoSchema, { requests });
    yield { payload: streamPayload(data, info) };
    requests = [];
    sent++;
  }
  yield* remaining(definition, sent, () => describeRequest(callerOf(context), requests));
}

/** The messages of a stream from `sent` on, and its error. */
async function* remaining(
  definition: StreamResponseDefinition | undefined,
  sent: number,
  info: () => ReturnType<typeof describeRequest>,
): AsyncGenerator<{ payload: ConformancePayload }> {
  if (!definition) return;
  for (const data of definition.responseData.slice(sent)) {
    await Bun.sleep(definition.responseDelayMs);
    yield { payload: streamPayload(data, sent++ === 0 ? info() : undefined) };
  }
  if (definition.error) throw toError(definition.error, sent === 0 ? info() : undefined);
}

function callerOf(context: HandlerContext): Caller {
  const isGet = context.requestMethod === "GET";
  return {
    headers: context.requestHeader,
    timeoutMs: context.timeoutMs(),
    ...(isGet && { query: new URL(context.url).searchParams }),
  };
}

function addMetadata(
  definition: UnaryResponseDefinition | StreamResponseDefinition | undefined,
  context: HandlerContext,
): void {
  if (!definition) return;
  addHeaders(definition.responseHeaders, context.responseHeader);
  addHeaders(definition.responseTrailers, context.responseTrailer);
}
