import { Metadata } from "@grpc/grpc-js";
import type { Clock } from "../../core/clock.ts";
import { ConfigError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import { type ClientTls, readClientTls } from "../../core/tls/tls-material.ts";
import { RetryLoop } from "../retry-loop.ts";
import { pemFiles } from "../settings.ts";
import { type Source, SourceError, type SourceSink } from "../source.ts";
import { sourceName } from "../source-kind.ts";
import { diagnose, probe } from "./diagnose-grpc.ts";
import type { GrpcSourceConfig } from "./grpc-kind.ts";
import { logGrpc } from "./grpc-log.ts";
import {
  defaultTiming,
  type GrpcTiming,
  runStream,
  type StreamEvents,
  type StreamOptions,
  timeoutEnd,
} from "./grpc-stream.ts";
import { type Endpoint, parseGrpcTarget } from "./grpc-target.ts";
import type { StreamEnd } from "./stream-end.ts";

interface GrpcSourceDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly timing?: Partial<GrpcTiming>;
}

/** Flags from the sync stream of another flagd: each message is that server's whole state. */
export class GrpcSource implements Source {
  readonly provider = "grpc";
  readonly name: string;
  readonly #config: GrpcSourceConfig;
  readonly #stream: StreamOptions;
  readonly #log: Log;
  readonly #loop: RetryLoop;
  /** The server took the last connection and said nothing. */
  #timedOut = false;

  /** @throws ConfigError for a URI or headers that cannot be used */
  constructor(config: GrpcSourceConfig, { clock, log, timing }: GrpcSourceDependencies) {
    this.name = sourceName({ ...config, uri: config.uri.replace(/^grpcs?:\/\//, "") });
    this.#config = config;
    this.#stream = {
      ...config,
      target: parseGrpcTarget(config.uri),
      metadata: metadataOf(config),
      timing: { ...defaultTiming, ...timing },
    };
    this.#log = log;
    logGrpc(log);
    this.#loop = new RetryLoop({ name: this.name, clock });
  }

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    await this.#loop.run((stop) => this.#follow(sink, stop), sink, signal);
  }

  /** Opens the stream anew, for which the server answers with its whole state. */
  resync(): void {
    this.#loop.restart();
  }

  /** One stream, to its end. */
  async #follow(sink: SourceSink, signal: AbortSignal): Promise<undefined> {
    const { reason, retryable, planned } = await this.#connect(sink, signal);
    if (!planned) throw new SourceError(reason, { retryable });
    this.#log.debug(`${reason}; connecting again`, { source: this.name });
  }

  async #connect(sink: SourceSink, signal: AbortSignal): Promise<StreamEnd> {
    let messages = 0;
    const take = async (document: string, context: JsonObject) => {
      messages++;
      const payload = {
        document,
        format: "json",
        incremental: this.#config.incrementalUpdates,
        context,
      } as const;
      if (await sink.accept(payload)) this.#loop.markWorking();
    };
    const { endpoint } = this.#stream.target;
    const tls = this.#config.tls ? readClientTls(pemFiles(this.#config)) : undefined;
    if (this.#timedOut && endpoint && !(await this.#answers(endpoint, tls, signal))) {
      return timeoutEnd(this.#stream.timing);
    }
    const events: StreamEvents = {
      onMessage: ({ flagConfiguration, syncContext }) =>
        take(flagConfiguration, (syncContext ?? {}) as JsonObject),
      onSilence: () =>
        sink.failed(
          "the stream is open, but the server has sent no flags (check the server's own sources)",
        ),
    };
    const end = await runStream(this.#stream, tls, events, signal);
    this.#timedOut = end.timedOut ?? false;
    if (messages > 0) return end;
    if (!end.unexplained || !endpoint) return { ...end, planned: false };
    const reason = await diagnose(endpoint, tls, signal);
    return reason === undefined ? end : { reason, retryable: false };
  }

  /** grpc-js cannot let go of a socket whose server is silent, so there is no other one before it speaks. */
  async #answers(endpoint: Endpoint, tls: ClientTls | undefined, signal: AbortSignal) {
    const timeoutMs = this.#stream.timing.connectMs;
    const { answered, ended, error } = await probe(endpoint, { tls, timeoutMs, signal });
    return answered || ended || error !== undefined;
  }
}

function metadataOf({ uri, headers }: GrpcSourceConfig): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    try {
      metadata.set(name, name.toLowerCase().endsWith("-bin") ? Buffer.from(value) : value);
    } catch {
      // Not the error itself: it may have the value, which can be a secret.
      throw new ConfigError(
        `gRPC source "${uri}": the header ${JSON.stringify(name)} cannot be sent: names are letters, digits, - _ and ., ` +
          "values printable ASCII",
      );
    }
  }
  return metadata;
}
