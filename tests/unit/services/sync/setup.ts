import { create, toBinary } from "@bufbuild/protobuf";
import type { JsonObject } from "../../../../src/core/json.ts";
import { SyncFlagsRequestSchema } from "../../../../src/gen/flagd/sync/v1/sync_pb.ts";
import {
  createSyncService,
  type SyncServiceOptions,
} from "../../../../src/services/sync/sync-service.ts";
import type { SyncClient, SyncStreamEnd } from "../../../../src/telemetry/stream-metrics.ts";
import { fixedContext } from "../../../support/fixed-context.ts";
import { createStore } from "../../store/flags.ts";
import { FakeStream, keepingLog, settled } from "./fakes.ts";

export interface SyncRequestParts {
  readonly selector?: string;
  readonly providerId?: string;
  /** Of `Flagd-Selector`. */
  readonly header?: string;
}

export interface Measured {
  readonly client: SyncClient;
  bytes: number;
  readonly ends: SyncStreamEnd[];
}

/** A sync service on a store with the sources A and B. */
export function createSetup(
  options: Partial<SyncServiceOptions> & { readonly values?: JsonObject } = {},
) {
  const { store, errors } = createStore("A", "B");
  const { log, entries } = keepingLog();
  const measured: Measured[] = [];
  const service = createSyncService({
    store,
    context: fixedContext(options.values ?? {}),
    whenReady: Promise.resolve(),
    metadataDisabled: false,
    streamDeadlineMs: 0,
    log,
    measure: (client) => {
      const entry: Measured = { client, bytes: 0, ends: [] };
      measured.push(entry);
      return {
        sent: (bytes) => {
          entry.bytes += bytes;
        },
        ended: (reason) => entry.ends.push(reason),
      };
    },
    ...options,
  });

  const [sync] = service.streams;
  if (!sync) throw new Error("the service has no stream method");

  const begin = (parts: SyncRequestParts = {}, stream = new FakeStream()) => {
    const { header, ...fields } = parts;
    const message = toBinary(SyncFlagsRequestSchema, create(SyncFlagsRequestSchema, fields));
    sync.open(message, header === undefined ? {} : { "flagd-selector": header }, stream);
    return stream;
  };

  /** Opens a stream, and waits until the first state was sent if it is to be sent at once. */
  const open = async (parts: SyncRequestParts = {}, stream?: FakeStream) => {
    const opened = begin(parts, stream);
    await settled();
    return opened;
  };

  /** Calls a unary method with the bytes of a request. */
  const call = (name: string, message: Uint8Array, header?: string) => {
    const method = service.unary.find(
      ({ path }) => path === `/flagd.sync.v1.FlagSyncService/${name}`,
    );
    if (!method) throw new Error(`the service has no method ${name}`);
    return method.call(message, header === undefined ? {} : { "flagd-selector": header });
  };

  return { service, store, errors, entries, measured, begin, open, call };
}
