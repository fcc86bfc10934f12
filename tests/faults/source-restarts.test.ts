/** Sources that end by themselves, again and again. */
import { afterEach, expect, test } from "bun:test";
import { atOnce } from "../../src/core/turns.ts";
import { FlagPipeline } from "../../src/runtime/flag-pipeline.ts";
import { type Source, SourceError } from "../../src/sources/source.ts";
import type { SourceConfig } from "../../src/sources/source-table.ts";
import { ThreadSource } from "../../src/sources/thread/thread-source.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { until } from "../support/until.ts";

let stop = new AbortController();
afterEach(() => {
  stop.abort();
  stop = new AbortController();
});

async function run(create: (log: ReturnType<typeof rememberingLog>) => Source) {
  const clock = new FakeClock();
  const log = rememberingLog();
  const pipeline = await FlagPipeline.create({
    sources: [{ provider: "redis" } as SourceConfig],
    strict: false,
    contextValues: {},
    clock,
    log,
    create: () => create(log),
  });
  const running = pipeline.run(stop.signal);
  const keys = () => atOnce(pipeline.store.snapshot.view({}).ordered()).map(({ key }) => key);
  const messages = (level: string) =>
    log.entries.filter((entry) => entry.level === level).map(({ message }) => message);
  return { clock, pipeline, running, keys, messages };
}

test("a thread that dies whenever it has delivered: flags stay, and the waits grow", async () => {
  const name = "s";
  const provider = "redis";
  const { clock, pipeline, keys, messages } = await run(
    (log) =>
      new ThreadSource({
        name,
        provider,
        task: {
          config: { provider, uri: "dies later", tls: false, watch: true, interval: 1 },
          strict: false,
          debugging: true,
        },
        log,
        entry: new URL("../support/mortal-source-thread.ts", import.meta.url),
      }),
  );
  const [status] = pipeline.statuses;
  let deaths = 0;
  for (const seconds of [5, 10, 20, 40, 60, 60]) {
    deaths++;
    await until(`death ${deaths}`, () => status?.failures === deaths && clock.sleeping === 1);
    expect(keys()).toEqual(["x"]);
    expect(status?.state).toBe("stale");
    expect(pipeline.readiness.state).toBe("ready");
    await clock.advance(seconds * 1000 - 1);
    expect(clock.sleeping).toBe(1);
    await clock.advance(1);
    expect(clock.sleeping).toBe(0);
  }
  const warning = "the thread of the source ended: status 4; serving the last accepted flags";
  expect(new Set(messages("warn"))).toEqual(new Set([warning]));
});

test("a source that breaks and then finds a mistake of the configuration ends nothing", async () => {
  const document =
    '{"flags":{"x":{"state":"ENABLED","variants":{"on":true},"defaultVariant":"on"}}}';
  let runs = 0;
  const { clock, pipeline, running, keys, messages } = await run(() => ({
    name: "s",
    provider: "file",
    resync: () => {},
    run: async (sink) => {
      if (++runs > 1) throw new SourceError("cannot read the flag file", { retryable: false });
      await sink.accept({ document, format: "json" });
      throw new Error("a mistake of ours");
    },
  }));
  await until("the end of the first run", () => clock.sleeping === 1);
  await clock.advance(5_000);
  await Promise.race([running, until("the end of the second", () => clock.sleeping === 1)]);
  expect(runs).toBe(2);
  expect(keys()).toEqual(["x"]);
  expect(pipeline.readiness.state).toBe("ready");
  expect(messages("warn").at(-1)).toStartWith("cannot read the flag file; ");
});
