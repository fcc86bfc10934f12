/** What a worker thread is told of the sources that the main thread reads. */
import { afterEach, expect, test } from "bun:test";
import { FlagPipeline } from "../../src/runtime/flag-pipeline.ts";
import { RelaySource } from "../../src/runtime/workers/relay-source.ts";
import type { Payload, ReadPayload, Source } from "../../src/sources/source.ts";
import type { SourceConfig } from "../../src/sources/source-table.ts";
import { aborted } from "../support/aborted.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { until } from "../support/until.ts";

let stop = new AbortController();
afterEach(() => {
  stop.abort();
  stop = new AbortController();
});

const config = { provider: "redis" } as SourceConfig;

async function run(source: Source, onAccepted?: (payload: Payload | ReadPayload) => void) {
  const pipeline = await FlagPipeline.create({
    sources: [config],
    strict: false,
    contextValues: {},
    log: rememberingLog(),
    create: () => source,
    ...(onAccepted && { onAccepted: (_, payload) => onAccepted(payload) }),
  });
  void pipeline.run(stop.signal);
  const flags = () => JSON.parse(pipeline.store.snapshot.view({}).syncPayload).flags;
  return { pipeline, keys: () => Object.keys(flags()) };
}

/** Only what has changed: the flags of one set. */
function setOf(flagSetId: string, ...keys: string[]): Payload {
  const flag = { state: "ENABLED", variants: { on: true }, defaultVariant: "on" };
  const flags = Object.fromEntries(keys.map((key) => [key, flag]));
  const document = JSON.stringify({ metadata: { flagSetId }, flags });
  return { document, format: "json", incremental: true, context: { from: flagSetId } };
}

test("one that looks once has all of what came piece by piece, however much that was", async () => {
  const pieces = [
    ...Array.from({ length: 200 }, (_, n) => setOf("A", `a${n}`)),
    setOf("B", "b"),
    setOf("C", "c"),
    setOf("B"),
  ];
  const relay = new RelaySource("s", "grpc");
  let told = 0;
  const main = await run(
    {
      name: "s",
      provider: "grpc",
      run: async (sink) => {
        for (const piece of pieces) await sink.accept(piece);
        await aborted(stop.signal);
      },
      resync: () => {},
    },
    (payload) => {
      told++;
      relay.relay(payload);
    },
  );
  await until("all pieces", () => told === pieces.length);
  expect(main.keys()).toEqual(["a199", "c"]);

  const worker = await run(relay);
  await until("the flags", () => worker.keys().length > 0);
  expect(worker.keys()).toEqual(main.keys());
  expect(worker.pipeline.context.current).toEqual({ from: "B" });
  expect(worker.pipeline.statuses[0]?.payloadsAccepted).toBe(1);
});
