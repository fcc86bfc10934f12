import { once } from "../evaluation/memo.ts";
import type { Outcome } from "../evaluation/outcomes.ts";
import type { NumberSeries } from "../telemetry/metrics/instrument.ts";
import type { Registry } from "../telemetry/metrics/registry.ts";
import type { OutcomeGroup } from "./answer-blocks.ts";

interface OutcomeSeries {
  readonly impression: NumberSeries | undefined;
  readonly reason: NumberSeries;
}

/** What is told in groups and not counted yet, for as long as nobody collects metrics. */
const maxPending = 10_000;

/** Counts evaluations. */
export interface OutcomeRecorder {
  readonly record: (outcome: Outcome) => void;
  /** Counts a group when metrics are collected, however often it was told until then. */
  readonly recordAll: (group: OutcomeGroup) => void;
}

const provider = { "feature_flag.provider.name": "flagd" };

/**
 * Counts evaluations, whatever service they were asked of. An outcome looks its series up once and keeps
 * them, so that counting it is two additions. Errors are counted without the key: it
 * may be a client's invention.
 */
export function createOutcomeRecorder(registry: Registry): OutcomeRecorder {
  const scope = registry.scope("flagd");
  const impressions = scope.counter({
    name: "feature_flag.flagd.impression",
    description: "Measures the number of evaluations for a given flag.",
    unit: "{impression}",
  });
  const reasons = scope.counter({
    name: "feature_flag.flagd.result.reason",
    description: "Measures the number of evaluations for a given reason.",
    unit: "{reason}",
  });

  const seriesOf = once(({ key, variant, reason, errorCode }: Outcome): OutcomeSeries => {
    if (errorCode !== undefined) {
      const attributes = { ...provider, ExceptionTypeKeyName: errorCode };
      return {
        impression: undefined,
        reason: reasons.series({ ...attributes, "feature_flag.reason": "ERROR" }),
      };
    }
    // Go flagd's name for "the caller's default applies"; dashboards tell it from DEFAULT by this.
    const label = reason === "DEFAULT" && variant === undefined ? "FALLBACK" : reason;
    const attributes = { ...provider, "feature_flag.key": key, "feature_flag.reason": label };
    return {
      impression: impressions.series({
        ...attributes,
        "feature_flag.result.variant": variant ?? "",
      }),
      reason: reasons.series(attributes),
    };
  });

  const count = (outcome: Outcome, times: number): void => {
    const series = seriesOf(outcome);
    if (series.impression) series.impression.value += times;
    series.reason.value += times;
  };
  const pending: OutcomeGroup[] = [];
  const countPending = (): void => {
    for (const group of pending) {
      for (const outcome of group.outcomes) count(outcome, group.times);
      group.times = 0;
    }
    pending.length = 0;
  };
  scope.beforeCollect(countPending);
  return {
    record: (outcome) => count(outcome, 1),
    recordAll(group) {
      if (group.times++ === 0) pending.push(group);
      if (pending.length > maxPending) countPending();
    },
  };
}
