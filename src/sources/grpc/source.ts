import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientReadableStream, Metadata, type ServiceError } from "@grpc/grpc-js";
import type { JsonObject } from "../../flags/model.ts";
import {
  FlagSyncService,
  type SyncFlagsRequest,
  SyncFlagsRequestSchema,
  type SyncFlagsResponse,
  SyncFlagsResponseSchema,
} from "../../gen/flagd/sync/v1/sync_pb.ts";
import type { Log } from "../../telemetry/log.ts";
import { Backoff } from "../backoff.ts";
import type { Clock } from "../clock.ts";
import { FatalSourceError, type Source, type SourceSink } from "../source.ts";
import { channelCredentials, type GrpcTls } from "./credentials.ts";
import { describeStatus, isFatal } from "./status.ts";
import { parseGrpcTarget } from "./target.ts";

export interface GrpcSourceOptions {
  readonly uri: string;
  /** Undefined: plaintext. */
  readonly tls?: GrpcTls;
  readonly selector?: string;
  readonly providerId?: string;
  /** Metadata of every call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes; 0 or absent: 4 MiB, gRPC's default. */
  readonly maxMessageSize?: number;
}

const path = `/${FlagSyncService.typeName}/${FlagSyncService.method.syncFlags.name}`;
const defaultMaxMessageSize = 4 << 20;

/**
 * Pings find out that a peer is gone without having said so. flagd's sync service takes one every
 * 30 s; where a server takes fewer it says so, and grpc-js doubles the interval by itself.
 */
const keepAliveMs = 60_000;
const keepAliveTimeoutMs = 20_000;

/** Flags from the sync stream of another flagd: each message is that server's whole state. */
export class GrpcSource implements Source {
  readonly provider = "grpc";
  readonly name: string;
  readonly #options: GrpcSourceOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #backoff: Backoff;
  #call: ClientReadableStream<SyncFlagsResponse> | undefined;
  #wake: (() => void) | undefined;
  #hurry = false;

  constructor(options: GrpcSourceOptions, { clock, log }: { clock: Clock; log: Log }) {
    this.name = options.uri.replace(/^grpcs?:\/\//, "");
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#backoff = new Backoff(clock, { firstMs: 1000, maxMs: 60_000 });
  }

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    const client = this.#client();
    const abort = () => {
      this.#call?.cancel();
      this.#wake?.();
    };
    signal.addEventListener("abort", abort);
    try {
      let delivered = false;
      while (!signal.aborted) {
        const end = await this.#stream(client, sink, () => {
          delivered = true;
          this.#backoff.reset();
        });
        if (signal.aborted) return;
        const reason = describeStatus(end, this.#options);
        if (!delivered && isFatal(end)) throw new FatalSourceError(`${this.name}: ${reason}`);
        if (this.#hurry) {
          this.#hurry = false;
          continue;
        }
        sink.failed(reason);
        const wait = this.#backoff.next();
        this.#log.debug(`connecting again to ${this.name} in ${Math.round(wait)} ms`);
        await this.#pause(wait, signal);
      }
    } finally {
      signal.removeEventListener("abort", abort);
      client.close();
    }
  }

  /** Opens the stream anew, for which the server answers with its whole state. */
  resync(): void {
    if (this.#call) {
      this.#hurry = true;
      this.#call.cancel();
    } else {
      this.#wake?.();
    }
  }

  #client(): Client {
    const { uri, tls, maxMessageSize } = this.#options;
    const { target, authority } = parseGrpcTarget(uri);
    return new Client(target, channelCredentials(tls), {
      "grpc.max_receive_message_length": maxMessageSize || defaultMaxMessageSize,
      "grpc.keepalive_time_ms": keepAliveMs,
      "grpc.keepalive_timeout_ms": keepAliveTimeoutMs,
      // The waits between attempts are ours; the channel itself should try whenever it is asked.
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 1000,
      // A pool shared between sources would share the keepalive of whichever came first.
      "grpc.use_local_subchannel_pool": 1,
      ...(authority ? { "grpc.default_authority": authority } : {}),
    });
  }

  /** Resolves with what ended the stream; undefined: the server did, without an error. */
  async #stream(
    client: Client,
    sink: SourceSink,
    onDelivered: () => void,
  ): Promise<ServiceError | undefined> {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(this.#options.headers ?? {})) {
      metadata.set(name, value);
    }
    const call = client.makeServerStreamRequest(
      path,
      (request: SyncFlagsRequest) => Buffer.from(toBinary(SyncFlagsRequestSchema, request)),
      (bytes) => fromBinary(SyncFlagsResponseSchema, bytes),
      create(SyncFlagsRequestSchema, {
        providerId: this.#options.providerId ?? "",
        selector: this.#options.selector ?? "",
      }),
      metadata,
    );
    this.#call = call;
    try {
      for await (const message of call) {
        const { flagConfiguration, syncContext } = message as SyncFlagsResponse;
        const accepted = await sink.accept({
          document: flagConfiguration,
          format: "json",
          context: (syncContext ?? {}) as JsonObject,
        });
        if (accepted) onDelivered();
      }
      return undefined;
    } catch (error) {
      return error as ServiceError;
    } finally {
      this.#call = undefined;
      call.cancel();
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    if (!signal.aborted) await this.#clock.sleep(ms, woken.signal);
    this.#wake = undefined;
  }
}
