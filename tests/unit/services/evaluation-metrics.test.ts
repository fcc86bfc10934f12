import { describe, expect, test } from "bun:test";
import type { Outcome } from "../../../src/evaluation/outcomes.ts";
import { createOutcomeRecorder } from "../../../src/services/evaluation-metrics.ts";
import { Registry } from "../../../src/telemetry/metrics/registry.ts";
import { samples, scoped } from "../../support/samples.ts";

const outcome = (part: Partial<Outcome>): Outcome => ({
  key: "b",
  reason: "STATIC",
  errorCode: undefined,
  variant: "on",
  value: true,
  metadata: {},
  memo: [],
  ...part,
});

describe("evaluations", () => {
  test("are counted as Go flagd counts them", () => {
    const registry = new Registry();
    const { record } = createOutcomeRecorder(registry);
    record(outcome({}));
    record(outcome({ key: "gone", reason: "ERROR", errorCode: "FLAG_NOT_FOUND" }));
    expect(samples(registry, "feature_flag_flagd")).toEqual([
      `feature_flag_flagd_impression_total{feature_flag_key="b",feature_flag_provider_name="flagd",feature_flag_reason="STATIC",feature_flag_result_variant="on",${scoped}} 1`,
      `feature_flag_flagd_result_reason_total{feature_flag_key="b",feature_flag_provider_name="flagd",feature_flag_reason="STATIC",${scoped}} 1`,
      `feature_flag_flagd_result_reason_total{ExceptionTypeKeyName="FLAG_NOT_FOUND",feature_flag_provider_name="flagd",feature_flag_reason="ERROR",${scoped}} 1`,
    ]);
  });

  test("of one outcome and of an equal one of a later load are one series", () => {
    const registry = new Registry();
    const { record } = createOutcomeRecorder(registry);
    const kept = outcome({});
    for (let i = 0; i < 5; i++) record(kept);
    record(outcome({}));
    expect(samples(registry, "feature_flag_flagd_impression_total")[0]).toEndWith(" 6");
  });

  test("that leave the caller's default are FALLBACK without a variant", () => {
    const registry = new Registry();
    createOutcomeRecorder(registry).record(outcome({ reason: "DEFAULT", variant: undefined }));
    const [line] = samples(registry, "feature_flag_flagd_impression_total");
    expect(line).toContain('feature_flag_reason="FALLBACK",feature_flag_result_variant=""');
  });

  test("of two registries do not mix", () => {
    const registries = [new Registry(), new Registry()];
    const shared = outcome({});
    for (const registry of registries) createOutcomeRecorder(registry).record(shared);
    for (const registry of registries) {
      expect(samples(registry, "feature_flag_flagd_impression_total")[0]).toEndWith(" 1");
    }
  });

  test("of a group are counted when metrics are collected, as often as they were told", () => {
    const registry = new Registry();
    const { record, recordAll } = createOutcomeRecorder(registry);
    const [a, b] = [outcome({ key: "a" }), outcome({ key: "b" })];
    const group = { outcomes: [a, b], times: 0 };
    record(a);
    recordAll(group);
    recordAll(group);
    const counted = () =>
      samples(registry, "feature_flag_flagd_impression_total").map((line) =>
        line.split(" ").at(-1),
      );
    expect(counted()).toEqual(["3", "2"]);
    recordAll(group);
    expect(counted()).toEqual(["4", "3"]);
    expect(counted()).toEqual(["4", "3"]);
  });

  test("of more groups than are put off are counted all the same", () => {
    const registry = new Registry();
    const { recordAll } = createOutcomeRecorder(registry);
    const one = outcome({ key: "a" });
    for (let i = 0; i < 25_000; i++) recordAll({ outcomes: [one], times: 0 });
    expect(samples(registry, "feature_flag_flagd_impression_total")[0]).toEndWith(" 25000");
  });

  test("failing on keys that clients made up do not make series", () => {
    const registry = new Registry();
    const { record } = createOutcomeRecorder(registry);
    for (let i = 0; i < 50; i++) {
      record(outcome({ key: `k${i}`, reason: "ERROR", errorCode: "FLAG_NOT_FOUND" }));
    }
    expect(samples(registry, "feature_flag_flagd")).toHaveLength(1);
  });
});
