import { expect, test } from "bun:test";
import { exposition } from "../../../src/telemetry/metrics/prometheus.ts";
import { Registry } from "../../../src/telemetry/metrics/registry.ts";
import { createPathMetrics } from "../../../src/telemetry/path-metrics.ts";

test("requests are counted by port and path, in one family", () => {
  const registry = new Registry();
  const counts = createPathMetrics(registry);
  const [evaluation, http] = [counts("evaluation"), counts("http")];
  evaluation.fast.value += 3;
  evaluation.general.value++;
  http.general.value += 2;
  const lines =
    exposition(registry.collect()).match(/^feature_flag_flagd_requests_total.*/gm) ?? [];
  const found = lines.map((line) => [
    /port="(\w+)"/.exec(line)?.[1],
    /path="(\w+)"/.exec(line)?.[1],
    Number(line.split(" ").at(-1)),
  ]);
  expect(found).toEqual([
    ["evaluation", "fast", 3],
    ["evaluation", "general", 1],
    ["http", "fast", 0],
    ["http", "general", 2],
  ]);
});
