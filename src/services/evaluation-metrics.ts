import { once } from "../evaluation/memo.ts";
import type { Outcome } from "../evaluation/outcomes.ts";
import type { NumberSeries } from "../telemetry/metrics/instrument.ts";
import type { Registry } from "../telemetry/metrics/registry.ts";

interface OutcomeSeries {
  readonly impression: NumberSeries | undefined;
  readonly reason: NumberSeries;
}

const provider = { "feature_flag.provider.name": "flagd" };

/**
 * Counts evaluations, whatever service they were asked of. An outcome looks its series up once and keeps
 * them, so that counting it is two additions. Errors are counted without the key: it
 * may be a client's invention.
 */
export function createOutcomeRecorder(registry: Registry): (outcome: Outcome) => void {
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

  return (outcome) => {
    const series = seriesOf(outcome);
    if (series.impression) series.impression.value++;
    series.reason.value++;
  };
}
