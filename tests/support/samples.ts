import { exposition } from "../../src/telemetry/metrics/prometheus.ts";
import type { Registry } from "../../src/telemetry/metrics/registry.ts";

/** What the scope adds to the labels of metrics of ours. */
export const scoped = 'otel_scope_name="flagd",otel_scope_schema_url="",otel_scope_version=""';

/** The samples whose line starts so, without buckets. */
export const samples = (registry: Registry, name: string) =>
  exposition(registry.collect())
    .split("\n")
    .filter((line) => line.startsWith(name) && !line.includes("_bucket"));
