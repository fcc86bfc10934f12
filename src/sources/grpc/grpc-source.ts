import { Metadata } from "@grpc/grpc-js";
import type { GrpcSourceConfig } from "../../config/sources/source-config.ts";
import type { Clock } from "../../core/clock.ts";
import { ConfigError } from "../../core/config-error.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import { Backoff, sourceWaits } from "../backoff.ts";
import { FatalSourceError, type Source, type SourceSink } from "../source.ts";
import { type GrpcTls, readGrpcTls } from "./channel-credentials.ts";
import { diagnose } from "./diagnose-grpc.ts";
import { probe } from "./probe.ts";
import type { StreamEnd } from "./stream-end.ts";
import {
  defaultTiming,
  type GrpcTiming,
  runStream,
  type StreamEvents,
  type StreamOptions,
  silentEnd,
} from "./grpc-stream.ts";
import { type Endpoint, parseGrpcTarget } from "./grpc-target.ts";

export interface GrpcSourceDependencies {
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
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #backoff: Backoff;
  #round = new AbortController();
  #delivered = false;
  /** The server took the last connection and said nothing. */
  #silent = false;

  /** @throws ConfigError for a URI or headers that cannot be used */
  constructor(config: GrpcSourceConfig, { clock, log, timing }: GrpcSourceDependencies) {
    this.name = config.uri.replace(/^grpcs?:\/\//, "");
    this.#config = config;
    this.#stream = {
      ...config,
      target: parseGrpcTarget(config.uri),
      metadata: metadataOf(config),
      timing: { ...defaultTiming, ...timing },
    };
    this.#clock = clock;
    this.#log = log;
    this.#backoff = new Backoff(clock, sourceWaits);
  }

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#round = new AbortController();
      const stop = AbortSignal.any([signal, this.#round.signal]);
      const { reason, fatal, planned } = await this.#connect(sink, stop);
      if (stop.aborted) continue;
      if (fatal && !this.#delivered) throw new FatalSourceError(`${this.name}: ${reason}`);
      if (!planned) sink.failed(reason);
      const wait = this.#backoff.next();
      this.#log.debug(`${reason}; connecting to ${this.name} in ${Math.round(wait)} ms`);
      await this.#clock.sleep(wait, stop);
    }
  }

  /** Opens the stream anew, for which the server answers with its whole state. */
  resync(): void {
    this.#round.abort();
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
      if (!(await sink.accept(payload))) return;
      this.#delivered = true;
      this.#backoff.reset();
    };
    const { endpoint } = this.#stream.target;
    try {
      const { tls } = this.#config;
      const files = tls && readGrpcTls(tls);
      if (this.#silent && endpoint && !(await this.#answers(endpoint, files, signal))) {
        return silentEnd(this.#stream.timing);
      }
      const events: StreamEvents = {
        onMessage: ({ flagConfiguration, syncContext }) =>
          take(flagConfiguration, (syncContext ?? {}) as JsonObject),
        onSilence: () =>
          sink.failed(
            "the stream is open, but the server has sent no flags (check the server's own sources)",
          ),
      };
      const end = await runStream(this.#stream, files, events, signal);
      this.#silent = end.silent ?? false;
      if (messages > 0) return end;
      if (!end.vague || !endpoint) return { ...end, planned: false };
      const reason = await diagnose(endpoint, files, signal);
      return reason === undefined ? end : { reason, fatal: true };
    } catch (error) {
      if (error instanceof FatalSourceError) return { reason: error.message, fatal: true };
      throw error;
    }
  }

  /** grpc-js cannot let go of a socket whose server is silent, so not another one before it speaks. */
  async #answers(endpoint: Endpoint, files: GrpcTls | undefined, signal: AbortSignal) {
    const timeoutMs = this.#stream.timing.connectMs;
    const { answered, ended, error } = await probe(endpoint, { tls: files, timeoutMs, signal });
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
