import { expect, test } from "bun:test";
import { Intake } from "../../../src/sources/intake.ts";
import { SourceStatus } from "../../../src/sources/source-status.ts";
import { read } from "../../../src/sources/thread/run-source-thread.ts";
import { rememberingLog } from "../../support/remembering-log.ts";
import { createStore } from "../store/flags.ts";

const document = '{"flags":{"x":{"state":"ENABLED","variants":{"on":true},"defaultVariant":"on"}}}';
const { reading } = read({ document, format: "json" }, { strict: false, source: "s" });

const deliveries = [
  ["here", (intake: Intake) => intake.accept({ document, format: "json" })],
  ["in another thread", (intake: Intake) => intake.take({ reading, bytes: document.length })],
] as const;

test.each(deliveries)("a document read %s that is taken says so", async (_, deliver) => {
  const { store } = createStore("s");
  const status = new SourceStatus("s", "redis");
  const options = { store, status, strict: false, log: rememberingLog() };
  expect(await deliver(new Intake({ name: "s", provider: "redis" }, options))).toBe(true);
  expect(status).toMatchObject({ payloadsRejected: 0, payloadsAccepted: 1 });
});

test.each(deliveries)(
  "a document read %s that cannot be taken does not seem taken",
  async (_, deliver) => {
    const { store } = createStore("s");
    store.accepting = () => {
      throw new RangeError("Out of memory");
    };
    const status = new SourceStatus("s", "redis");
    const log = rememberingLog();
    const intake = new Intake(
      { name: "s", provider: "redis" },
      { store, status, strict: false, log },
    );
    expect(await deliver(intake)).toBe(false);
    intake.unchanged();
    expect(status).toMatchObject({ state: "failed", payloadsRejected: 1, payloadsAccepted: 0 });
    expect(log.entries.map(({ level, message }) => [level, message])).toEqual([
      [
        "error",
        "flag document rejected, no flags from this source yet: $: unexpected RangeError: Out of memory",
      ],
    ]);
  },
);
