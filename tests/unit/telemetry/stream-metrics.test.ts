import { describe, expect, test } from "bun:test";
import { Registry } from "../../../src/telemetry/metrics/registry.ts";
import { createSyncMetrics } from "../../../src/telemetry/stream-metrics.ts";
import { samples, scoped } from "../../support/samples.ts";

describe("sync streams", () => {
  test("are counted while open and timed when they end", () => {
    const registry = new Registry();
    let time = 0;
    const opened = createSyncMetrics(registry, () => time);
    const one = opened({ selector: "flagSetId=a", providerId: "p" });
    opened({});
    one.sent(100);
    one.sent(50);
    const labels = `${scoped},provider_id="p",selector="flagSetId=a"`;
    expect(samples(registry, "feature_flag_flagd_sync_active_streams")).toEqual([
      `feature_flag_flagd_sync_active_streams{${labels}} 1`,
      `feature_flag_flagd_sync_active_streams{${scoped}} 1`,
    ]);
    time = 61;
    one.ended("normal_close");
    expect(samples(registry, "feature_flag_flagd_sync_active_streams")[0]).toEndWith(" 0");
    expect(samples(registry, "feature_flag_flagd_sync_sent_bytes_total")[0]).toEndWith(" 150");
    expect(samples(registry, "feature_flag_flagd_sync_stream_duration_seconds_sum")[0]).toBe(
      `feature_flag_flagd_sync_stream_duration_seconds_sum{${scoped},provider_id="p",reason="normal_close",selector="flagSetId=a"} 61`,
    );
  });

  test("of clients that invent provider ids do not make series without end", () => {
    const registry = new Registry({ seriesLimit: 5 });
    const opened = createSyncMetrics(registry);
    const streams = Array.from({ length: 20 }, (_, i) => opened({ providerId: `p${i}` }));
    const active = () => samples(registry, "feature_flag_flagd_sync_active_streams");
    expect(active()).toHaveLength(5);
    for (const stream of streams) stream.ended("normal_close");
    expect(active().every((line) => line.endsWith(" 0"))).toBe(true);
  });
});
