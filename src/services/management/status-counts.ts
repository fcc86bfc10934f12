/** What `/status` takes from the metrics, which are those of all threads. */
import { compareBytes } from "../../core/order.ts";
import type { Observation } from "../../telemetry/metrics/instrument.ts";
import type { Collection } from "../../telemetry/metrics/registry.ts";

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

/** Bounded as the metrics are. */
export function streamsOf(metrics: Collection): Streams[] {
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
export function evaluationsOf(metrics: Collection): Evaluations[] {
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
