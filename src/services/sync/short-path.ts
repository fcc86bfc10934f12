/** gRPC calls from message bytes to message bytes. */
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageShape,
  type JsonObject as ProtobufObject,
  toBinary,
} from "@bufbuild/protobuf";
import {
  FetchAllFlagsRequestSchema,
  FlagSyncService,
  GetMetadataRequestSchema,
  GetMetadataResponseSchema,
  SyncFlagsRequestSchema,
} from "../../gen/flagd/sync/v1/sync_pb.ts";
import type { Log } from "../../telemetry/log.ts";
import type { StreamMethod, UnaryMethod } from "../../transport/method.ts";
import type { HeaderLookup } from "../context.ts";
import { invalidArgument } from "../errors.ts";
import type { SyncHandlers } from "./connect-routes.ts";
import { FrameSink } from "./frame-sink.ts";
import { clientOf, selectorFrom } from "./request.ts";

export interface ShortPath {
  readonly unary: readonly UnaryMethod[];
  readonly streams: readonly StreamMethod[];
}

const { fetchAllFlags, getMetadata, syncFlags } = FlagSyncService.method;

export interface ShortPathOptions extends SyncHandlers {
  /** Milliseconds that a reader of a stream may make no progress. */
  readonly stallMs: number;
  readonly log: Log;
}

export function shortPath({ calls, streams, measure, stallMs, log }: ShortPathOptions): ShortPath {
  const fetch: UnaryMethod = {
    path: pathOf(fetchAllFlags),
    call(message, headers) {
      const request = decoded(FetchAllFlagsRequestSchema, message);
      return calls.fetchAllFlags(request, (name) => headers[name]).fetchAnswer;
    },
  };
  const metadata: UnaryMethod = {
    path: pathOf(getMetadata),
    call(message) {
      decoded(GetMetadataRequestSchema, message);
      const metadata = calls.getMetadata() as ProtobufObject;
      return toBinary(GetMetadataResponseSchema, create(GetMetadataResponseSchema, { metadata }));
    },
  };
  const sync: StreamMethod = {
    path: pathOf(syncFlags),
    open(message, headers, stream) {
      const request = decoded(SyncFlagsRequestSchema, message);
      const header: HeaderLookup = (name) => headers[name];
      const selector = selectorFrom(request, header);
      const client = clientOf(request, header);
      const onStall = () => {
        log.warn("a sync stream was dropped: its client reads nothing", { ...client, stallMs });
      };
      streams.open(selector, new FrameSink(stream, { stallMs, onStall }), measure?.(client));
    },
  };
  return { unary: [fetch, metadata], streams: [sync] };
}

function pathOf(method: { readonly name: string }): string {
  return `/${FlagSyncService.typeName}/${method.name}`;
}

function decoded<Schema extends DescMessage>(
  schema: Schema,
  message: Uint8Array,
): MessageShape<Schema> {
  try {
    return fromBinary(schema, message);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidArgument(`unmarshal message: ${reason}`);
  }
}
