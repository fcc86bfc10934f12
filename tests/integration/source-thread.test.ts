import { describe, expect, test } from "bun:test";
import type { Log } from "../../src/core/log.ts";
import { checkTargeting } from "../../src/evaluation/rule/check.ts";
import { parseDocument } from "../../src/flags/document.ts";
import { Intake } from "../../src/sources/intake.ts";
import type { Payload, Source, SourceSink } from "../../src/sources/source.ts";
import { SourceStatus } from "../../src/sources/source-status.ts";
import { MovingSource } from "../../src/sources/thread/moving-source.ts";
import { ThreadDied, ThreadSource } from "../../src/sources/thread/thread-source.ts";
import { aborted } from "../support/aborted.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { until } from "../support/until.ts";
import { createStore, seen } from "../unit/store/flags.ts";

const common = { name: "s", provider: "redis" };

/** A store behind the intake of one source, and the thread of that source. */
function setup(uri: string) {
  const log = rememberingLog();
  const status = new SourceStatus(common.name, common.provider);
  const { store } = createStore(common.name);
  const intake = new Intake(common, { store, status, strict: false, log });
  const thread = new ThreadSource({
    ...common,
    task: {
      config: { provider: "redis", uri, tls: false, watch: true, interval: 1 },
      strict: false,
      debugging: true,
    },
    log,
    entry: new URL("../support/mortal-source-thread.ts", import.meta.url),
  });
  const stop = new AbortController();
  return { log, status, store, intake, thread, stop };
}

describe("a source in a thread", () => {
  test("delivers to the store, is told what became of it, and ends when told to", async () => {
    const { log, status, store, intake, thread, stop } = setup("lives");
    const running = thread.run(intake, stop.signal);
    await until("the delivery", () => log.entries.some(({ message }) => message === "taken"));
    expect(seen(store)).toEqual(["x=on"]);
    expect(status).toMatchObject({ state: "synced", documentHash: "h" });
    stop.abort();
    expect(await running).toBeUndefined();
  });

  test("that dies can be run again and delivers again", async () => {
    const { log, intake, thread, stop } = setup("dies later");
    for (let round = 0; round < 2; round++) {
      const error = await thread.run(intake, stop.signal).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(ThreadDied);
      expect(error).toMatchObject({
        proven: true,
        message: "the thread of the source ended: status 4",
      });
    }
    expect(log.entries.filter(({ message }) => message === "taken")).toHaveLength(2);
  });

  test("that ends by itself says why", async () => {
    const { log, intake, thread, stop } = setup("lives");
    const running = thread.run(intake, stop.signal).catch((error: unknown) => error);
    await until("the delivery", () => log.entries.some(({ message }) => message === "taken"));
    thread.resync();
    expect(await running).toMatchObject({ message: "no longer wanted" });
  });
});

/** Delivers one document once, and waits for its end. */
class FakeSource implements Source {
  readonly name = common.name;
  readonly provider = common.provider;
  #handedOver = false;
  constructor(private readonly document: string) {}
  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    if (this.#handedOver) sink.unchanged();
    else {
      this.#handedOver = true;
      await sink.accept({ document: this.document, format: "json" } satisfies Payload);
    }
    if (signal.aborted) return;
    await aborted(signal);
  }
  resync(): void {}
}

/** As {@link MovingSource} gets them made. */
const movable = (document: string, thread: ThreadSource, log: Log) => {
  const make = () => new FakeSource(document);
  return new MovingSource(make(), thread, async () => make(), log);
};

const small = '{"flags":{"x":{"variants":{"small":1},"defaultVariant":"small"}}}';
const large = small.replace("{", `{"$schema":"${"x".repeat(300_000)}",`);

describe("a source that may move", () => {
  test("stays where it is with a small document", async () => {
    const { log, store, intake, thread, stop } = setup("dies at once");
    const running = movable(small, thread, log).run(intake, stop.signal);
    await until("the flags", () => seen(store).length > 0);
    stop.abort();
    await running;
    expect(seen(store)).toEqual(["x=small"]);
  });

  test("moves to a thread with a large one, which is not read here", async () => {
    expect(parseDocument(large, { format: "json", strict: false, checkTargeting }).ok).toBe(true);
    const { log, store, intake, thread, stop } = setup("lives");
    const running = movable(large, thread, log).run(intake, stop.signal);
    await until("the flags", () => seen(store).length > 0);
    expect(seen(store)).toEqual(["x=on"]);
    stop.abort();
    await running;
  });

  test("comes back for good from a thread that cannot work", async () => {
    const { log, store, intake, thread, stop } = setup("dies at once");
    const moving = movable(large, thread, log);
    const error = await moving.run(intake, stop.signal).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ThreadDied);
    expect(log.entries.map(({ message }) => message)).toEqual([
      "the document is large: moving its source to a separate thread",
      "the thread of the source ended: status 3; running the source without one from now on",
    ]);
    const again = moving.run(intake, stop.signal);
    await until("the flags", () => seen(store).length > 0);
    expect(seen(store)).toEqual(["x=small"]);
    stop.abort();
    await again;
  });
});
