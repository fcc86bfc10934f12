import { expect, test } from "bun:test";
import { status } from "@grpc/grpc-js";
import { SpanQueue, type SpanQueueOptions } from "../../../../src/telemetry/otel/span-queue.ts";
import { type FinishedSpan, Tracer } from "../../../../src/telemetry/tracing/tracer.ts";
import { Collector } from "../../../support/collector.ts";
import { rememberingLog } from "../../../support/silent-log.ts";
import { until } from "../../../support/until.ts";

function spans(count: number): FinishedSpan[] {
  const made: FinishedSpan[] = [];
  const tracer = new Tracer({ parentBased: false, ratio: 1 }, (span) => made.push(span));
  for (let i = 0; i < count; i++) {
    tracer.enter({ name: `${i}`, scope: "s", kind: "server" }, undefined).end({});
  }
  return made;
}

async function setUp(options: Partial<SpanQueueOptions>) {
  const collector = await Collector.start();
  const queue = new SpanQueue({
    to: {
      protocol: "grpc",
      url: `http://127.0.0.1:${collector.port}`,
      headers: {},
      timeoutMs: 5_000,
      gzip: false,
      files: {},
      reloadIntervalMs: 0,
    },
    delayMs: 3_600_000,
    queueSize: 100,
    batchSize: 10,
    resource: {},
    log: rememberingLog(),
    ...options,
  });
  return { collector, queue };
}

test("a full batch is sent at once, what is less after the delay", async () => {
  const { collector, queue } = await setUp({ delayMs: 50 });
  using _ = collector;
  for (const span of spans(13)) queue.add(span);
  await until("all spans", () => collector.spans().length === 13);
  expect(collector.traceRequests.length).toBeGreaterThanOrEqual(2);
  await queue.stop();
});

test("what waits is sent at the end, in batches, and nothing later", async () => {
  const { collector, queue } = await setUp({});
  using _ = collector;
  for (const span of spans(9)) queue.add(span);
  await queue.stop();
  expect(collector.spans().map(({ name }) => name)).toEqual([..."012345678"]);
  for (const span of spans(1)) queue.add(span);
  await queue.stop();
  expect(collector.spans()).toHaveLength(9);
});

test("spans beyond the bound are dropped", async () => {
  const { collector, queue } = await setUp({ queueSize: 5 });
  using _ = collector;
  for (const span of spans(50)) queue.add(span);
  await queue.stop();
  expect(collector.spans()).toHaveLength(5);
});

test("a batch that is refused for now is sent again, one refused for good is not", async () => {
  const { collector, queue } = await setUp({ batchSize: 1, delayMs: 1 });
  using _ = collector;
  collector.refuse = status.INVALID_ARGUMENT;
  const [first, second] = spans(2);
  if (!first || !second) throw new Error("two spans");
  queue.add(first);
  await until("the refusal", () => collector.refusals === 1);
  collector.refuse = status.UNAVAILABLE;
  queue.add(second);
  await until("another refusal", () => collector.refusals === 2);
  collector.refuse = undefined;
  await until("the second span", () => collector.spans().length === 1);
  expect(collector.spans()[0]?.name).toBe("1");
  await queue.stop();
});
