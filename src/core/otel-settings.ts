/** What is exported by OpenTelemetry, where and how: read by the configuration, followed by telemetry. */

/** Where one signal goes, and how. */
export interface CollectorTarget {
  readonly protocol: "grpc" | "http/protobuf" | "http/json";
  /** Begins with `http:` or `https:`. The path counts for HTTP only, and is that of the signal. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of one export, with all its attempts. */
  readonly timeoutMs: number;
  readonly gzip: boolean;
  readonly files: TlsFilePaths;
  /** How often the files are read again; 0 or less: never. */
  readonly reloadIntervalMs: number;
}

/** PEM files. Of client certificate and key both or neither. */
export interface TlsFilePaths {
  /** Beside the system's CAs. */
  readonly caPath?: string;
  readonly certPath?: string;
  readonly keyPath?: string;
}

/** `"console"`: lines of JSON on standard output. */
export type Destination = CollectorTarget | "console";

export interface MetricExportSettings {
  readonly to: readonly Destination[];
  readonly intervalMs: number;
  /** Of one export; no longer than the interval. */
  readonly timeoutMs: number;
  readonly temporality: Temporality;
}

/**
 * Since when sums are summed up: `cumulative` since the start, `delta` since the export before,
 * `lowmemory` like `delta`, but cumulative if an instrument is read instead of written.
 */
export type Temporality = "cumulative" | "delta" | "lowmemory";

/** What is sent in batches. */
export interface BatchSettings {
  readonly to: readonly Destination[];
  /** Milliseconds until a record is sent, if no batch is full before. */
  readonly delayMs: number;
  /** Records that wait at most; further ones are dropped. */
  readonly queueSize: number;
  readonly batchSize: number;
  /** Of one batch. */
  readonly timeoutMs: number;
}

export interface SpanExportSettings extends BatchSettings {
  readonly sampler: SamplerSettings;
  /** Characters; longer values of attributes are cut. */
  readonly maxAttributeLength: number;
}

export interface EventExportSettings extends BatchSettings {
  /** The part of the evaluations that is sent, more than 0, at most 1. */
  readonly ratio: number;
}

export interface SamplerSettings {
  /** Do what the caller decided, if it decided. */
  readonly parentBased: boolean;
  /** The part of other traces that is sampled, 0 to 1. */
  readonly ratio: number;
}
