import { isIP } from "node:net";
import { checkServerIdentity, createSecureContext, type PeerCertificate } from "node:tls";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  ChannelCredentials,
  type ChannelOptions,
  Client,
  connectivityState,
  type Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { messageOf } from "../../core/errors.ts";
import { isLoopback } from "../../core/tcp-address.ts";
import { bunTls, type ClientTls } from "../../core/tls/tls-material.ts";
import {
  FlagSyncService,
  type SyncFlagsRequest,
  SyncFlagsRequestSchema,
  type SyncFlagsResponse,
  SyncFlagsResponseSchema,
} from "../../gen/flagd/sync/v1/sync_pb.ts";
import { SourceError } from "../source.ts";
import type { GrpcSourceConfig } from "./grpc-kind.ts";
import type { GrpcTarget } from "./grpc-target.ts";
import { localTarget } from "./localhost-resolver.ts";
import { describeEnd, type StreamEnd } from "./stream-end.ts";

export interface StreamOptions
  extends Pick<GrpcSourceConfig, "selector" | "providerID" | "maxMsgSize"> {
  readonly target: GrpcTarget;
  readonly metadata: Metadata;
  readonly timing: GrpcTiming;
}

export interface StreamEvents {
  onMessage(message: SyncFlagsResponse): Promise<void>;
  /** The stream is open, and the server sends nothing. */
  onSilence(): void;
}

/** In milliseconds. */
export interface GrpcTiming {
  /** How long a connection may take until the server has sent its HTTP/2 settings. */
  readonly connectMs: number;
  /** How long the first message may take; a server has it as soon as it has flags itself. */
  readonly firstMessageMs: number;
  /** Silence after which the server is asked whether it is still there. */
  readonly keepAliveMs: number;
  /** How long it may take to answer. */
  readonly keepAliveTimeoutMs: number;
}

/**
 * Pings find out that a peer is gone without having said so. flagd's sync service takes one every
 * 30 s; if a server takes fewer it says so, and grpc-js doubles the interval by itself.
 */
export const defaultTiming: GrpcTiming = {
  connectMs: 20_000,
  firstMessageMs: 10_000,
  keepAliveMs: 60_000,
  keepAliveTimeoutMs: 20_000,
};

const path = `/${FlagSyncService.typeName}/${FlagSyncService.method.syncFlags.name}`;

/**
 * One stream on a connection of its own, from dialling to its end. A new connection each time finds
 * new addresses and new certificates, and leaves a server behind that accepts and never answers: a
 * channel of grpc-js would wait for it. Its socket stays until the server says something.
 * @returns how it ended; aborting `signal` ends it too
 * @throws SourceError, a permanent one, if the TLS files cannot be used
 */
export async function runStream(
  options: StreamOptions,
  tls: ClientTls | undefined,
  events: StreamEvents,
  signal: AbortSignal,
): Promise<StreamEnd> {
  const { target, metadata, selector = "", providerID = "", timing } = options;
  const { connectMs, firstMessageMs, ...keepAlive } = timing;
  const client = new Client(
    dialled(target),
    channelCredentials(tls, addressOf(target)),
    channelOptions(options, keepAlive),
  );
  const call = client.makeServerStreamRequest(
    path,
    (request: SyncFlagsRequest) => Buffer.from(toBinary(SyncFlagsRequestSchema, request)),
    (bytes) => fromBinary(SyncFlagsResponseSchema, bytes),
    create(SyncFlagsRequestSchema, { providerId: providerID, selector }),
    metadata,
  );
  const connected = () =>
    client.getChannel().getConnectivityState(false) === connectivityState.READY;
  let unreachable = false;
  const connecting = setTimeout(() => {
    unreachable = !connected();
    if (unreachable) call.cancel();
  }, connectMs);
  const silence = setTimeout(() => {
    if (connected()) events.onSilence();
  }, firstMessageMs);
  const abort = () => call.cancel();
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    for await (const message of call) {
      clearTimeout(silence);
      await events.onMessage(message as SyncFlagsResponse);
    }
    return describeEnd(undefined);
  } catch (error) {
    return unreachable ? timeoutEnd(timing) : describeEnd(error as ServiceError);
  } finally {
    clearTimeout(connecting);
    clearTimeout(silence);
    signal.removeEventListener("abort", abort);
    call.cancel();
    client.close();
  }
}

/** The end of an attempt that found a server but no answer. */
export function timeoutEnd({ connectMs }: GrpcTiming): StreamEnd {
  const seconds = connectMs / 1000;
  const reason = `no HTTP/2 response within ${seconds} s of connecting`;
  return { reason, retryable: true, timedOut: true };
}

function channelOptions(
  { target, maxMsgSize }: StreamOptions,
  keepAlive: Pick<GrpcTiming, "keepAliveMs" | "keepAliveTimeoutMs">,
): ChannelOptions {
  return {
    // grpc-js sends whatever was dialled as server name, which Bun refuses for an address (RFC 6066 §3).
    ...(addressOf(target) && { "grpc.ssl_target_name_override": "address.invalid" }),
    "grpc.max_receive_message_length": maxMsgSize,
    "grpc.keepalive_time_ms": keepAlive.keepAliveMs,
    "grpc.keepalive_timeout_ms": keepAlive.keepAliveTimeoutMs,
    // A pool shared between channels would share the keepalive of whichever came first.
    "grpc.use_local_subchannel_pool": 1,
    // Retries are the source's; settings from DNS TXT records could only add others.
    "grpc.enable_retries": 0,
    "grpc.service_config_disable_resolution": 1,
    ...(isLocal(target) && { "grpc.enable_http_proxy": 0 }),
    ...(target.authority ? { "grpc.default_authority": target.authority } : {}),
  };
}

function dialled({ target, endpoint }: GrpcTarget): string {
  const isLocalhost = endpoint && "host" in endpoint && /^localhost$/i.test(endpoint.host);
  return isLocalhost && !/^dns:\/\/[^/]/.test(target) ? localTarget(endpoint.port) : target;
}

function isLocal({ endpoint }: GrpcTarget): boolean {
  return endpoint !== undefined && ("path" in endpoint || isLoopback(endpoint.host));
}

/** The IP address that the server is called by, if it is. */
function addressOf({ endpoint }: GrpcTarget): string | undefined {
  return endpoint && "host" in endpoint && isIP(endpoint.host) ? endpoint.host : undefined;
}

/**
 * @param tls undefined: plaintext
 * @param address of a server that is called by its IP address and not by a name
 * @throws SourceError, a permanent one, if there is something wrong with the contents
 */
function channelCredentials(
  tls: ClientTls | undefined,
  address: string | undefined,
): ChannelCredentials {
  if (!tls) return ChannelCredentials.createInsecure();
  const verify = address && {
    checkServerIdentity: (_: string, of: PeerCertificate) => checkServerIdentity(address, of),
  };
  try {
    // `createSsl` has no place for `allowPartialTrustChain`.
    const context = createSecureContext({ ...bunTls(tls), minVersion: "TLSv1.2" });
    return ChannelCredentials.createFromSecureContext(context, verify || {});
  } catch (error) {
    throw new SourceError(`the TLS files cannot be used: ${messageOf(error)}`, {
      retryable: false,
    });
  }
}
