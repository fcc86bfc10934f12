import { expect, test } from "bun:test";
import { Registry } from "../../../src/telemetry/metrics/registry.ts";
import { observeProcess } from "../../../src/telemetry/process-metrics.ts";
import { samples } from "../../support/samples.ts";

test("the process is measured under the names that Prometheus' clients share", () => {
  const registry = new Registry();
  observeProcess(registry);
  const value = (name: string) => Number(samples(registry, `${name} `)[0]?.split(" ")[1]);
  expect(value("process_resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(value("process_cpu_seconds_total")).toBeGreaterThan(0);
  expect(Math.abs(value("process_start_time_seconds") - Date.now() / 1000)).toBeLessThan(3600);
  expect(value("bun_heap_used_bytes")).toBeGreaterThan(0);
  if (process.platform === "linux") {
    expect(value("process_open_fds")).toBeGreaterThan(2);
    expect(value("process_max_fds")).toBeGreaterThanOrEqual(value("process_open_fds"));
  }
});
