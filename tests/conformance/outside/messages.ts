/**
 * The messages of the conformance suite, as far as its server needs them. The suite's Go module has
 * the protocol files; `protocol.ts` turns them into descriptors, which this reads when it is loaded.
 */
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary, type Message } from "@bufbuild/protobuf";
import type { GenMessage, GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import { type Any, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const path = process.env.CONFORMANCE_DESCRIPTORS;
if (!path) throw new Error("CONFORMANCE_DESCRIPTORS must name a file of descriptors");

/** JSON needs to know the messages that travel as google.protobuf.Any. */
export const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path)));

const packageName = "connectrpc.conformance.v1";
type In<Name extends string> = Message<`${typeof packageName}.${Name}`>;

export type Header = In<"Header"> & { name: string; value: string[] };
export const HeaderSchema = message<Header>("Header");

export type ErrorDefinition = In<"Error"> & { code: number; message?: string; details: Any[] };

export type UnaryResponseDefinition = In<"UnaryResponseDefinition"> & {
  responseHeaders: Header[];
  responseTrailers: Header[];
  responseDelayMs: number;
  response:
    | { case: "responseData"; value: Uint8Array }
    | { case: "error"; value: ErrorDefinition }
    | { case: undefined; value?: undefined };
};

export type StreamResponseDefinition = In<"StreamResponseDefinition"> & {
  responseHeaders: Header[];
  responseTrailers: Header[];
  responseDelayMs: number;
  responseData: Uint8Array[];
  error?: ErrorDefinition;
};

export type RequestInfo = In<"ConformancePayload.RequestInfo"> & {
  requestHeaders: Header[];
  timeoutMs?: bigint;
  requests: Any[];
  connectGetInfo?: In<"ConformancePayload.ConnectGetInfo"> & { queryParams: Header[] };
};
export const RequestInfoSchema = message<RequestInfo>("ConformancePayload.RequestInfo");

export type ConformancePayload = In<"ConformancePayload"> & {
  data: Uint8Array;
  requestInfo?: RequestInfo;
};
export const ConformancePayloadSchema = message<ConformancePayload>("ConformancePayload");

type AsksOnce<Name extends string> = In<Name> & { responseDefinition?: UnaryResponseDefinition };
type AsksForStream<Name extends string> = In<Name> & {
  responseDefinition?: StreamResponseDefinition;
};
type Answer<Name extends string> = In<Name> & { payload?: ConformancePayload };

export type UnaryRequest = AsksOnce<"UnaryRequest">;
export type UnaryResponse = Answer<"UnaryResponse">;
export type ServerStreamRequest = AsksForStream<"ServerStreamRequest">;
export type BidiStreamRequest = AsksForStream<"BidiStreamRequest"> & { fullDuplex: boolean };

export const UnaryRequestSchema = message<UnaryRequest>("UnaryRequest");
export const UnaryResponseSchema = message<UnaryResponse>("UnaryResponse");
export const IdempotentUnaryRequestSchema =
  message<AsksOnce<"IdempotentUnaryRequest">>("IdempotentUnaryRequest");
const IdempotentUnaryResponseSchema =
  message<Answer<"IdempotentUnaryResponse">>("IdempotentUnaryResponse");
export const ClientStreamRequestSchema =
  message<AsksOnce<"ClientStreamRequest">>("ClientStreamRequest");
const ClientStreamResponseSchema = message<Answer<"ClientStreamResponse">>("ClientStreamResponse");
export const ServerStreamRequestSchema = message<ServerStreamRequest>("ServerStreamRequest");
export const ServerStreamResponseSchema =
  message<Answer<"ServerStreamResponse">>("ServerStreamResponse");
export const BidiStreamRequestSchema = message<BidiStreamRequest>("BidiStreamRequest");
export const BidiStreamResponseSchema = message<Answer<"BidiStreamResponse">>("BidiStreamResponse");

/** How the suite starts a server. */
export type ServerCompatRequest = In<"ServerCompatRequest"> & {
  useTls: boolean;
  clientTlsCert: Uint8Array;
  messageReceiveLimit: number;
  serverCreds?: In<"TLSCreds"> & { cert: Uint8Array; key: Uint8Array };
};
export const ServerCompatRequestSchema = message<ServerCompatRequest>("ServerCompatRequest");

/** What a server tells once it listens. */
export type ServerCompatResponse = In<"ServerCompatResponse"> & {
  host: string;
  port: number;
  pemCert: Uint8Array;
};
export const ServerCompatResponseSchema = message<ServerCompatResponse>("ServerCompatResponse");

export const ConformanceService = service<{
  unary: Method<"unary", typeof UnaryRequestSchema, typeof UnaryResponseSchema>;
  idempotentUnary: Method<
    "unary",
    typeof IdempotentUnaryRequestSchema,
    typeof IdempotentUnaryResponseSchema
  >;
  clientStream: Method<
    "client_streaming",
    typeof ClientStreamRequestSchema,
    typeof ClientStreamResponseSchema
  >;
  serverStream: Method<
    "server_streaming",
    typeof ServerStreamRequestSchema,
    typeof ServerStreamResponseSchema
  >;
  bidiStream: Method<
    "bidi_streaming",
    typeof BidiStreamRequestSchema,
    typeof BidiStreamResponseSchema
  >;
}>("ConformanceService");

interface Method<Kind, Input, Output> {
  methodKind: Kind;
  input: Input;
  output: Output;
}

/** The types above say what the descriptor says; the suite's cases would fail if one did not. */
function message<Shape extends Message>(name: string): GenMessage<Shape> {
  const found = registry.getMessage(`${packageName}.${name}`);
  if (!found) throw new Error(`the protocol files have no message ${name}`);
  return found as unknown as GenMessage<Shape>;
}

function service<Methods extends GenServiceMethods>(name: string): GenService<Methods> {
  const found = registry.getService(`${packageName}.${name}`);
  if (!found) throw new Error(`the protocol files have no service ${name}`);
  return found as unknown as GenService<Methods>;
}
