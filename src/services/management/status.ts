/** The answer of `/status`: what an operator asks first, as JSON. Documented in docs/reference/status.md. */

import { compareBytes } from "../../core/order.ts";
import { buildInfo } from "../../core/process-info.ts";
import type { Problem } from "../../flags/model.ts";
import type { SourceStatus } from "../../sources/source-status.ts";
import type { PastChange } from "../../store/history.ts";
import type { Observation } from "../../telemetry/metrics/instrument.ts";
import type { Collection } from "../../telemetry/metrics/registry.ts";

/** A number is added when a member changes its meaning or goes; new members do not change it. */
const statusVersion = 1;

/** One listener as it is bound. */
export interface ListenerStatus {
  /** `evaluation`, `sync`, `ofrep`, `management`. */
  readonly name: string;
  /** `[::]:8013`, or the path of a socket. */
  readonly address: string;
  /** Absent: plaintext. */
  readonly tls?: {
    readonly clientCertificates: "required" | "none";
    /** Of the file, first the server's own. Empty: the file cannot be read now. */
    readonly certificates: readonly { readonly subject: string; readonly expires: string }[];
  };
}

/** Open streams of one kind and client. */
export interface Streams {
  /** `sync`, or the service whose event stream it is: `ofrep`, `flagd.evaluation.v1.Service`, … */
  readonly kind: string;
  /** As a sync client named itself; null: it did not. */
  readonly client: string | null;
  /** Null: every flag. */
  readonly selector: string | null;
  readonly open: number;
}

/** How often a variant of a flag was given since the start. */
export interface Evaluations {
  readonly flag: string;
  /** `""`: the application's own default was used. */
  readonly variant: string;
  readonly reason: string;
  readonly count: number;
}

/** What the answer is made of. */
export interface StatusParts {
  readonly command: "start" | "redis-sync";
  /** Threads that serve. */
  readonly threads: number;
  readonly state: "starting" | "ready" | "stopping";
  readonly sources: readonly SourceStatus[];
  /** Flags of each flag set of a source, `""` for those without one. */
  readonly sizes: (source: string) => ReadonlyMap<string, number>;
  readonly listeners: readonly ListenerStatus[];
  /** What all threads have counted. */
  readonly metrics: Collection;
  /** The latest first. */
  readonly changes: readonly PastChange[];
  /** What flags were and are is left out, as it is if the sync port asks for client certificates. */
  readonly confidential: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly now: number;
}

export interface StatusDocument {
  readonly statusVersion: typeof statusVersion;
  readonly version: string;
  readonly commit: string;
  readonly command: StatusParts["command"];
  readonly state: StatusParts["state"];
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly threads: number;
  readonly sources: readonly StatusOfSource[];
  readonly listeners: readonly ListenerStatus[];
  readonly streams: readonly Streams[];
  readonly evaluations: readonly Evaluations[];
  readonly changes: readonly StatusOfChange[];
}

interface StatusOfSource {
  readonly name: string;
  readonly provider: string;
  readonly state: string;
  readonly lastSuccess: string | null;
  /** Since the last success. */
  readonly ageSeconds: number | null;
  readonly bytes: number;
  readonly hash: string | null;
  readonly restoredFrom: string | null;
  readonly reason: string | null;
  readonly documentsAccepted: number;
  readonly documentsRejected: number;
  readonly failures: number;
  readonly flagSets: readonly { readonly id: string; readonly flags: number }[];
  readonly warnings: readonly Problem[];
}

type StatusOfChange = Omit<PastChange, "time"> & { readonly time: string };

/** Makes the answer. */
export function describeStatus(parts: StatusParts): StatusDocument {
  const { command, state, threads, startedAt, now, listeners, metrics, confidential } = parts;
  return {
    statusVersion,
    version: buildInfo.version,
    commit: buildInfo.commit,
    command,
    state,
    startedAt: iso(startedAt),
    uptimeSeconds: seconds(now - startedAt),
    threads,
    sources: parts.sources.map((source) => statusOf(source, parts)),
    listeners,
    streams: streamsOf(metrics),
    evaluations: evaluationsOf(metrics),
    changes: parts.changes.map(({ time, differences, ...change }) => ({
      time: iso(time),
      ...change,
      differences: confidential
        ? differences.map(({ path }) => ({ path, before: undefined, after: undefined }))
        : differences,
    })),
  };
}

function statusOf(source: SourceStatus, { sizes, now }: StatusParts): StatusOfSource {
  const { name, provider, state, lastSuccess, restoredFrom } = source;
  return {
    name,
    provider,
    state,
    lastSuccess: lastSuccess === undefined ? null : iso(lastSuccess),
    ageSeconds: lastSuccess === undefined ? null : seconds(now - lastSuccess),
    bytes: source.documentBytes,
    hash: source.documentHash ?? null,
    restoredFrom: restoredFrom === undefined ? null : iso(restoredFrom),
    reason: source.reason ?? null,
    documentsAccepted: source.payloadsAccepted,
    documentsRejected: source.payloadsRejected,
    failures: source.failures,
    flagSets: Array.from(sizes(name), ([id, flags]) => ({ id, flags })),
    warnings: source.warnings,
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function seconds(ms: number): number {
  return Math.max(0, Math.round(ms / 100) / 10);
}

/** From the metrics, which are those of all threads. Bounded as they are. */
function streamsOf(metrics: Collection): Streams[] {
  const sync = seriesOf(metrics, "feature_flag.flagd.sync.active_streams");
  const events = seriesOf(metrics, "feature_flag.flagd.event.active_streams");
  return [...sync, ...events]
    .filter(({ value }) => value > 0)
    .map(({ attributes, value }) => ({
      kind: attributes.service ?? "sync",
      client: attributes.provider_id ?? null,
      selector: attributes.selector ?? null,
      open: value,
    }));
}

/** In byte order of the flags. */
function evaluationsOf(metrics: Collection): Evaluations[] {
  return seriesOf(metrics, "feature_flag.flagd.impression")
    .map(({ attributes, value }) => ({
      flag: attributes["feature_flag.key"] ?? "",
      variant: attributes["feature_flag.result.variant"] ?? "",
      reason: attributes["feature_flag.reason"] ?? "",
      count: value,
    }))
    .sort((a, b) => compareBytes(a.flag, b.flag) || compareBytes(a.variant, b.variant));
}

function seriesOf({ scopes }: Collection, name: string): readonly Observation[] {
  return scopes.flatMap(({ metrics }) =>
    metrics.flatMap((metric) =>
      metric.definition.name === name && metric.kind !== "histogram" ? metric.series : [],
    ),
  );
}
