/** The service for every protocol that Connect speaks. */
import type { DescService, JsonObject as ProtobufObject } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { FlagSyncService } from "../../gen/flagd/sync/v1/sync_pb.ts";
import type { SyncClient, SyncStreamMetrics } from "../../telemetry/stream-metrics.ts";
import { headersOf } from "../../transport/connect/handlers.ts";
import { PulledSink } from "../pulled-sink.ts";
import type { EncodedState } from "./encoded-state.ts";
import { clientOf, selectorFrom } from "./sync-request.ts";
import type { UnaryCalls } from "./sync-service.ts";
import type { SyncStreams } from "./sync-streams.ts";

/** The service as its protocol file describes it. */
export const services: readonly DescService[] = [FlagSyncService];

/** What answers the calls, whichever way they come. */
export interface SyncHandlers {
  readonly calls: UnaryCalls;
  readonly streams: SyncStreams;
  readonly measure: ((client: SyncClient) => SyncStreamMetrics) | undefined;
}

/** Puts the methods into Connect's router. */
export function connectRoutes({
  calls,
  streams,
  measure,
}: SyncHandlers): (router: ConnectRouter) => void {
  return (router) =>
    router.service(FlagSyncService, {
      async *syncFlags(request, call) {
        const header = headersOf(call);
        const selector = selectorFrom(request, header);
        const sink = new PulledSink<EncodedState>();
        streams.open(selector, sink, measure?.(clientOf(request, header)));
        for await (const state of sink.messages(call.signal)) {
          const { flagConfiguration, syncContext } = state.message;
          yield { flagConfiguration, syncContext: syncContext as ProtobufObject };
        }
      },
      async fetchAllFlags(request, call) {
        const { message } = await calls.fetchAllFlags(request, headersOf(call));
        return { flagConfiguration: message.flagConfiguration };
      },
      getMetadata() {
        return { metadata: calls.getMetadata() as ProtobufObject };
      },
    });
}
