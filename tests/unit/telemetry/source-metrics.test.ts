import { expect, test } from "bun:test";
import { Registry } from "../../../src/telemetry/metrics/registry.ts";
import { observeSources } from "../../../src/telemetry/source-metrics.ts";
import { samples, scoped } from "../../support/samples.ts";

test("sources are measured as they are at the time of the collection", () => {
  const registry = new Registry();
  const source = {
    name: "flags.json",
    provider: "file",
    state: "connecting",
    lastSuccess: undefined as number | undefined,
    payloadsAccepted: 0,
    payloadsRejected: 0,
    failures: 0,
    documentBytes: 0,
  };
  observeSources(registry, [source]);
  const prefix = "feature_flag_flagd_source";
  expect(samples(registry, `${prefix}_last_success`)).toEqual([]);
  Object.assign(source, { state: "synced", lastSuccess: 1_500, payloadsAccepted: 2, failures: 1 });
  const labels = `${scoped},provider="file",source="flags.json"`;
  expect(samples(registry, `${prefix}_last_success`)).toEqual([
    `${prefix}_last_success_timestamp_seconds{${labels}} 1.5`,
  ]);
  expect(samples(registry, `${prefix}_failures_total`)).toEqual([
    `${prefix}_failures_total{${labels}} 1`,
  ]);
  const states = samples(registry, `${prefix}_state`).map((line) =>
    line.replace(/.*state="(\w+)".* (\d)$/, "$1 $2"),
  );
  expect(states).toEqual(["connecting 0", "synced 1", "stale 0", "failed 0", "restored 0"]);
});
