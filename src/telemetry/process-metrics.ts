import { readdirSync } from "node:fs";
import { maxOpenFiles } from "../core/process-info.ts";
import type { Attributes, Definition } from "./metrics/instrument.ts";
import type { Registry } from "./metrics/registry.ts";

/**
 * Measures this process when metrics are collected: the `process_*` family that Prometheus' clients
 * share, and the runtime's memory. What the system does not tell (no `/proc`) is left out.
 */
export function observeProcess(registry: Registry): void {
  // Process facts belong to no instrumentation scope.
  const scope = registry.scope("");
  const start = Date.now() / 1000 - process.uptime();
  const gauge = (definition: Definition, read: () => number, attributes: Attributes = {}) =>
    scope.observe(definition, "gauge", () => [{ attributes, value: read() }]);

  scope.observe(
    {
      name: "process.cpu.time",
      prometheusName: "process_cpu_seconds_total",
      description: "Total user and system CPU time spent in seconds.",
      unit: "s",
    },
    "counter",
    () => [{ attributes: {}, value: cpuSeconds() }],
  );
  gauge(
    {
      name: "process.memory.usage",
      prometheusName: "process_resident_memory_bytes",
      description: "Resident memory size in bytes.",
      unit: "By",
    },
    () => process.memoryUsage.rss(),
  );
  gauge(
    {
      name: "process.start_time",
      prometheusName: "process_start_time_seconds",
      description: "Start time of the process since unix epoch in seconds.",
      unit: "s",
    },
    () => start,
  );
  gauge(
    {
      name: "process.open_file_descriptor.count",
      prometheusName: "process_open_fds",
      description: "Number of open file descriptors.",
    },
    // Reading the directory opens it, too.
    () => readdirSync("/proc/self/fd").length - 1,
  );
  gauge(
    {
      name: "process.open_file_descriptor.limit",
      prometheusName: "process_max_fds",
      description: "Maximum number of open file descriptors.",
    },
    maxOpenFiles,
  );
  gauge(
    {
      name: "bun.heap.used",
      description: "Bytes of the JavaScript heap in use.",
      unit: "By",
    },
    () => process.memoryUsage().heapUsed,
  );
  gauge(
    {
      name: "bun.heap.size",
      description: "Bytes reserved for the JavaScript heap.",
      unit: "By",
    },
    () => process.memoryUsage().heapTotal,
  );
  gauge(
    {
      name: "bun.external_memory",
      description: "Bytes outside the JavaScript heap that are bound to its objects.",
      unit: "By",
    },
    () => process.memoryUsage().external,
  );
  gauge({ name: "bun.info", description: "The runtime." }, () => 1, { version: Bun.version });
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
