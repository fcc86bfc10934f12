import { expect, test } from "bun:test";
import { status } from "@grpc/grpc-js";
import type { SpanExportSettings } from "../../../../src/core/otel-settings.ts";
import { startSpanExport } from "../../../../src/telemetry/otel/export-spans.ts";
import { Collector } from "../../../support/collector.ts";
import { rememberingLog } from "../../../support/silent-log.ts";
import { until } from "../../../support/until.ts";

const graceMs = 10_000;

async function setUp(settings: Partial<SpanExportSettings>) {
  const collector = await Collector.start();
  const log = rememberingLog();
  const { tracer, stop } = startSpanExport({
    to: [
      {
        protocol: "grpc",
        url: `http://127.0.0.1:${collector.port}`,
        headers: {},
        timeoutMs: 10_000,
        gzip: false,
        files: {},
        reloadIntervalMs: 0,
      },
    ],
    sampler: { parentBased: false, ratio: 1 },
    delayMs: 3_600_000,
    queueSize: 100,
    batchSize: 10,
    timeoutMs: 30_000,
    maxAttributeLength: Number.POSITIVE_INFINITY,
    resource: {},
    log,
    ...settings,
  });
  let made = 0;
  const add = (count: number) => {
    for (let i = 0; i < count; i++) {
      tracer.enter({ name: `${made++}`, scope: "s", kind: "server" }, undefined).end({});
    }
  };
  return { collector, add, stop, log };
}

test("a full batch is sent at once, what is less after the delay", async () => {
  const { collector, add, stop } = await setUp({ delayMs: 50 });
  using _ = collector;
  add(13);
  await until("all spans", () => collector.spans().length === 13);
  expect(collector.traceRequests.length).toBeGreaterThanOrEqual(2);
  await stop(graceMs);
});

test("what waits is sent at the end, in batches, and nothing later", async () => {
  const { collector, add, stop } = await setUp({});
  using _ = collector;
  add(9);
  await stop(graceMs);
  expect(collector.spans().map(({ name }) => name)).toEqual([..."012345678"]);
  add(1);
  await stop(graceMs);
  expect(collector.spans()).toHaveLength(9);
});

test("spans beyond the bound are dropped", async () => {
  const { collector, add, stop } = await setUp({ queueSize: 5 });
  using _ = collector;
  add(50);
  await stop(graceMs);
  expect(collector.spans().length).toBeLessThanOrEqual(10);
});

test("a batch that is refused for now is sent again, one refused for good is not", async () => {
  const { collector, add, stop, log } = await setUp({ batchSize: 1, delayMs: 1 });
  using _ = collector;
  collector.refuse = status.INVALID_ARGUMENT;
  add(1);
  await until("the warning", () => log.entries.some(({ level }) => level === "warn"));
  expect(collector.refusals).toBe(1);
  collector.refuse = status.UNAVAILABLE;
  add(1);
  await until("another refusal", () => collector.refusals === 2);
  collector.refuse = undefined;
  await until("the second span", () => collector.spans().length === 1);
  expect(collector.spans()[0]?.name).toBe("1");
  await until("the line that it works again", () =>
    log.entries.some(({ message }) => message.endsWith("again")),
  );
  await stop(graceMs);
});
