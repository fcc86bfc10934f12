import { expect, test } from "bun:test";
import type { Notification } from "../../../../src/services/notify/notification.ts";
import { Notifier, type NotifyAnswer } from "../../../../src/services/notify/notifier.ts";
import { Registry } from "../../../../src/telemetry/metrics/registry.ts";
import { FakeClock, settle } from "../../../support/fake-clock.ts";
import { rememberingLog } from "../../../support/remembering-log.ts";

const notification = (id: string, body = "{}"): Notification => ({ id, body });

/** @param answer to each try, by its number */
function setUp(answer: (attempt: number) => NotifyAnswer | Error | Promise<NotifyAnswer>) {
  const clock = new FakeClock();
  const log = rememberingLog();
  const registry = new Registry();
  const sent: string[] = [];
  const notifier = new Notifier({
    host: "example.com",
    async send({ id }, signal) {
      signal.throwIfAborted();
      sent.push(id);
      const given = await answer(sent.length);
      if (given instanceof Error) throw given;
      return given;
    },
    registry,
    log,
    clock,
  });
  const counts = () =>
    Object.fromEntries(
      registry
        .collect()
        .scopes.flatMap(({ metrics }) => metrics)
        .flatMap(({ series }) =>
          series.map((each) => [each.attributes.outcome, "value" in each && each.value]),
        ),
    );
  const warnings = () => log.entries.filter(({ level }) => level === "warn");
  return { clock, log, sent, notifier, counts, warnings };
}

test("what is added is sent once, in order", async () => {
  const { sent, notifier, counts } = setUp(() => ({ status: 204 }));
  for (const id of ["a", "b", "c"]) notifier.add(notification(id));
  await settle();
  expect(sent).toEqual(["a", "b", "c"]);
  expect(counts()).toEqual({ delivered: 3 });
  expect(notifier.waiting).toBe(0);
});

test("a receiver that fails is tried again with growing waits, told of once, and keeps the order", async () => {
  const { clock, sent, notifier, counts, warnings, log } = setUp((attempt) =>
    attempt <= 3 ? (attempt === 2 ? new Error("refused") : { status: 503 }) : { status: 200 },
  );
  notifier.add(notification("a"));
  notifier.add(notification("b"));
  await clock.advance(499);
  expect(sent).toEqual(["a"]);
  await clock.advance(1);
  expect(sent).toEqual(["a", "a"]);
  await clock.advance(1_000);
  await clock.advance(2_000);
  expect(sent).toEqual(["a", "a", "a", "a", "b"]);
  expect(counts()).toEqual({ failed: 3, delivered: 2 });
  expect(warnings()).toHaveLength(1);
  expect(log.entries.at(-1)?.message).toBe("telling example.com of changed flags again");
});

test("a receiver that asks for time gets it", async () => {
  const { clock, sent, notifier } = setUp((attempt) =>
    attempt === 1 ? { status: 429, retryAfter: 60 } : { status: 200 },
  );
  notifier.add(notification("a"));
  await clock.advance(59_999);
  expect(sent).toEqual(["a"]);
  await clock.advance(1);
  expect(sent).toEqual(["a", "a"]);
});

test.each([302, 400, 401, 410])(
  "%d is final for a notification, not for the next",
  async (status) => {
    const { sent, notifier, counts, warnings } = setUp((attempt) =>
      attempt === 1 ? { status } : { status: 200 },
    );
    notifier.add(notification("a"));
    notifier.add(notification("b"));
    await settle();
    expect(sent).toEqual(["a", "b"]);
    expect(counts()).toEqual({ refused: 1, delivered: 1 });
    expect(warnings()).toHaveLength(1);
  },
);

test("a receiver that refuses is there: what fails after that is told of again, and tried again as soon", async () => {
  const { clock, sent, notifier, warnings } = setUp((attempt) => ({
    status: [503, 503, 410, 503, 200][attempt - 1] ?? 200,
  }));
  notifier.add(notification("a"));
  notifier.add(notification("b"));
  await clock.advance(500);
  await clock.advance(1_000);
  expect(sent).toEqual(["a", "a", "a", "b"]);
  expect(warnings().map(({ fields }) => fields?.reason)).toEqual([
    "it responded with 503",
    "it responded with 410",
    "it responded with 503",
  ]);
  await clock.advance(500);
  expect(sent).toEqual(["a", "a", "a", "b", "b"]);
});

test("what waits is bounded by number and by length, and the oldest goes", async () => {
  const { notifier, counts } = setUp(() => new Error("away"));
  for (let i = 0; i < 1_500; i++) notifier.add(notification(String(i)));
  expect(notifier.waiting).toBe(1_000);
  for (let i = 0; i < 100; i++) notifier.add(notification("long", "x".repeat(256 << 10)));
  expect(notifier.waiting).toBe(64);
  await settle();
  expect(counts().dropped).toBe(1_536);
  await notifier.stop(0);
});

test("what was sent while it was dropped does not take the next with it", async () => {
  const first = Promise.withResolvers<NotifyAnswer>();
  const { sent, notifier } = setUp((attempt) => (attempt === 1 ? first.promise : { status: 200 }));
  notifier.add(notification("first"));
  await settle();
  for (let i = 0; i < 1_000; i++) notifier.add(notification(String(i)));
  first.resolve({ status: 200 });
  await settle();
  await settle();
  expect(sent).toEqual(["first", ...Array.from({ length: 1_000 }, (_, i) => String(i))]);
});

test("after a day a notification is given up", async () => {
  const { clock, notifier, counts } = setUp(() => new Error("away"));
  notifier.add(notification("a"));
  await clock.advance(25 * 3_600_000);
  expect(notifier.waiting).toBe(0);
  expect(counts().dropped).toBe(1);
});

test("at the end what waits is sent, but a receiver that is away does not hold up the end", async () => {
  const slow = Promise.withResolvers<NotifyAnswer>();
  const one = setUp((attempt) => (attempt === 1 ? slow.promise : { status: 200 }));
  one.notifier.add(notification("a"));
  one.notifier.add(notification("b"));
  await settle();
  const stopped = one.notifier.stop(2_000);
  slow.resolve({ status: 200 });
  await stopped;
  expect(one.sent).toEqual(["a", "b"]);

  const away = setUp(() => new Error("away"));
  away.notifier.add(notification("a"));
  await settle();
  await away.notifier.stop(2_000);
  expect(away.warnings().at(-1)).toMatchObject({ fields: { notifications: 1 } });
  away.notifier.add(notification("b"));
  expect(away.notifier.waiting).toBe(1);
});
