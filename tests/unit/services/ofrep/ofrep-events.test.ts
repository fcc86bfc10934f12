import { afterEach, describe, expect, test } from "bun:test";
import type { CallRecord } from "../../../../src/core/calls.ts";
import { Channel } from "../../../../src/services/ofrep/event-channel.ts";
import {
  OfrepEvents,
  type OfrepEventsOptions,
} from "../../../../src/services/ofrep/ofrep-events.ts";
import { createOfrep } from "../../../../src/services/ofrep/ofrep-service.ts";
import { SseStream } from "../../../../src/services/ofrep/sse-stream.ts";
import { askHandler } from "../../../support/ask-handler.ts";
import { fixedContext } from "../../../support/fixed-context.ts";
import { until } from "../../../support/until.ts";
import { createStore, flag, flagSet } from "../../store/flags.ts";

const FLAGS = "/ofrep/v1/evaluate/flags";
const EVENTS = "/ofrep/v1/events";

const running: OfrepEvents[] = [];
afterEach(() => {
  for (const events of running.splice(0)) events.shutdown();
});

function setUp(options: Partial<OfrepEventsOptions> = {}) {
  const { store } = createStore("s");
  const refreshes: number[] = [];
  const events = new OfrepEvents({
    store,
    jitterMs: 0,
    maxStreams: 10,
    refresh: () => refreshes.push(performance.now()),
    freshnessMs: 60_000,
    ...options,
  });
  running.push(events);
  const calls: CallRecord[] = [];
  const open: number[] = [];
  const { handler } = createOfrep({
    store,
    events,
    context: fixedContext({}),
    contextFromHeader: new Map(),
    corsOrigins: [],
    maxRequestBody: 1_000_000,
    record: () => {},
    onCall: (call) => calls.push(call),
    onOpen: (_method, _path, change) => open.push(change),
  });
  const send = async (path: string, init: RequestInit = {}) => {
    const response = await askHandler(handler, new Request(`http://localhost${path}`, init));
    if (response === undefined) throw new Error(`${path} is not OFREP's`);
    return response;
  };
  const change = (revision: string, set?: string) =>
    store.accept("s", flagSet([flag("a", revision), flag("b", revision, set ?? "other")]));
  return { send, change, events, refreshes, calls, open };
}

interface Event {
  readonly id: string;
  readonly etag: string;
  readonly lastModified?: number;
}

/** The events of a stream as they come. */
function eventsOf(response: Response) {
  const events: Event[] = [];
  let comments = 0;
  let over = false;
  const reader = response.body?.getReader();
  void (async () => {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) break;
      for (const block of decoder.decode(value).split("\n\n").filter(Boolean)) {
        if (block.startsWith(":")) comments++;
        else {
          const [, id = "", data = ""] = /^id: (.+)\nevent: message\ndata: (.+)$/.exec(block) ?? [];
          const { type, ...rest } = JSON.parse(data);
          expect(type).toBe("refetchEvaluation");
          events.push({ id, ...rest });
        }
      }
    }
    over = true;
  })();
  return {
    events,
    cancel: () => reader?.cancel(),
    get comments() {
      return comments;
    },
    get over() {
      return over;
    },
  };
}

describe("a bulk answer", () => {
  const streamsOf = async (headers: Record<string, string>) => {
    const { send } = setUp();
    const response = await send(FLAGS, { method: "POST", headers });
    return (await response.json()).eventStreams;
  };

  test.each<[Record<string, string>, string]>([
    [{}, EVENTS],
    [{ "flagd-selector": "flagSetId=a b" }, `${EVENTS}?selector=flagSetId%3Da+b`],
    [{ "flagd-selector": "some&file" }, `${EVENTS}?selector=source%3Dsome%26file`],
  ])("for %j names the stream", async (headers, requestUri) => {
    expect(await streamsOf(headers)).toEqual([
      { type: "sse", endpoint: { requestUri }, inactivityDelaySec: 120 },
    ]);
  });

  test("and paths of streams are unknown if there are none", async () => {
    const { handler } = createOfrep({
      store: createStore("s").store,
      context: fixedContext({}),
      contextFromHeader: new Map(),
      corsOrigins: [],
      maxRequestBody: 0,
      record: () => {},
    });
    const bulk = await askHandler(handler, new Request(`http://h${FLAGS}`, { method: "POST" }));
    expect(await bulk?.text()).toBe('{"flags":[],"metadata":{}}');
    expect((await askHandler(handler, new Request(`http://h${EVENTS}`)))?.status).toBe(404);
  });
});

describe("a stream", () => {
  test("opens at once, says what it is and tells of each change", async () => {
    const { send, change } = setUp();
    const response = await send(EVENTS);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const stream = eventsOf(response);
    await until("the first comment", () => stream.comments === 1);
    expect(stream.events).toEqual([]);
    const before = Math.floor(Date.now() / 1000);
    change("1");
    await until("an event", () => stream.events.length === 1);
    change("2");
    await until("another event", () => stream.events.length === 2);
    const [first, second] = stream.events;
    expect(first?.etag).toBe(`"${first?.id}"`);
    expect(first?.lastModified).toBeGreaterThanOrEqual(before);
    expect(second?.id).not.toBe(first?.id);
  });

  test("tells of one configuration by one name, whenever and by whichever daemon", async () => {
    const ids = async () => {
      const { send, change } = setUp();
      const stream = eventsOf(await send(EVENTS));
      for (const revision of ["1", "2", "1"]) {
        const { length } = stream.events;
        change(revision);
        await until("an event", () => stream.events.length > length);
      }
      return stream.events.map(({ id }) => id);
    };
    const [one, two] = [await ids(), await ids()];
    expect(one).toEqual(two);
    expect(one[2]).toBe(one[0] ?? "");
  });

  test("tells of what its selector sees only", async () => {
    const { send, change } = setUp();
    const own = eventsOf(await send(`${EVENTS}?selector=flagSetId%3Down`));
    const header = await send(EVENTS, { headers: { "flagd-selector": "flagSetId=own" } });
    const byHeader = eventsOf(header);
    change("1");
    change("2", "own");
    await until("events", () => own.events.length > 0 && byHeader.events.length > 0);
    await Bun.sleep(20);
    expect([own.events.length, byHeader.events.length]).toEqual([1, 1]);
    expect((await send(`${EVENTS}?selector=bogus%3D1`)).status).toBe(400);
  });

  test("makes up for what was missed, and only for that", async () => {
    const { send, change } = setUp();
    const first = eventsOf(await send(EVENTS));
    change("1");
    await until("an event", () => first.events.length === 1);
    const id = first.events[0]?.id ?? "";
    const upToDate = eventsOf(await send(EVENTS, { headers: { "last-event-id": id } }));
    await until("it is open", () => upToDate.comments === 1);
    await Bun.sleep(20);
    expect(upToDate.events).toEqual([]);
    await upToDate.cancel();
    change("2");
    await until("the second event", () => first.events.length === 2);
    const behind = eventsOf(await send(EVENTS, { headers: { "last-event-id": id } }));
    await until("what was missed", () => behind.events.length === 1);
    expect(behind.events[0]?.id).toBe(first.events[1]?.id ?? "");
    // Between asking for flags and listening for changes.
    const fresh = eventsOf(await send(EVENTS));
    await until("what may have been missed", () => fresh.events.length === 1);
  });

  test("hears of a change within the window, each at a time of its own", () => {
    const { store } = createStore("s");
    const delays: number[] = [];
    class Listening extends SseStream {
      override notify(delayMs: number): void {
        delays.push(delayMs);
      }
    }
    const channel = new Channel({ store, selector: {}, jitterMs: 1_000 });
    for (let i = 0; i < 500; i++) channel.add(new Listening(), undefined, false);
    store.accept("s", flagSet([flag("a")]));
    channel.close();
    expect(delays).toHaveLength(500);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThan(1_000);
    const tenths = new Set(delays.map((delay) => Math.floor(delay / 100)));
    expect(tenths.size).toBe(10);
  });

  test("gets one event for changes that come while one is on its way", async () => {
    const { send, change } = setUp({ jitterMs: 200 });
    const stream = eventsOf(await send(EVENTS));
    for (let revision = 0; revision < 50; revision++) change(`${revision}`);
    await until("an event", () => stream.events.length > 0);
    await Bun.sleep(250);
    expect(stream.events).toHaveLength(1);
  });

  test("is kept alive by comments and counted until its client goes", async () => {
    const { send, calls, open } = setUp({ heartbeatMs: 5 });
    const stream = eventsOf(await send(EVENTS));
    await until("comments", () => stream.comments >= 3);
    expect({ calls, open }).toEqual({ calls: [], open: [1] });
    await stream.cancel();
    await until("the record", () => calls.length === 1);
    expect(calls[0]).toMatchObject({ path: EVENTS, httpMethod: "GET", httpStatus: 200 });
    expect(open).toEqual([1, -1]);
  });

  test("beyond the bound is refused, until one ends", async () => {
    const { send } = setUp({ maxStreams: 1 });
    const stream = eventsOf(await send(EVENTS));
    const refused = await send(EVENTS);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("30");
    await stream.cancel();
    await until("room", async () => (await send(EVENTS)).status === 200);
  });

  test("that nobody reads is ended", async () => {
    const { send, calls } = setUp({ heartbeatMs: 1 });
    await send(EVENTS);
    await until("its end", () => calls.length === 1);
  });

  test("ends at shutdown, and no other opens", async () => {
    const { send, events } = setUp();
    const stream = eventsOf(await send(EVENTS));
    events.shutdown();
    await until("the end", () => stream.over);
    expect((await send(EVENTS)).status).toBe(503);
  });

  test("answers GET only", async () => {
    const { send } = setUp();
    const response = await send(EVENTS, { method: "POST" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET");
  });
});

describe("a request that names a configuration", () => {
  const revisionOf = async (response: Response) => (await response.json()).flags[0].value;
  const post = (named: Record<string, string>) =>
    [`${FLAGS}?${new URLSearchParams(named)}`, { method: "POST" }] as const;

  test("that is not here yet waits for it, and has the sources asked", async () => {
    const other = setUp();
    const there = eventsOf(await other.send(EVENTS));
    other.change("2");
    await until("an event", () => there.events.length === 1);
    const etag = there.events[0]?.etag ?? "";

    const { send, change, refreshes } = setUp();
    change("1");
    let answered = false;
    const answer = send(...post({ flagConfigEtag: etag })).finally(() => {
      answered = true;
    });
    await until("the sources asked", () => refreshes.length === 1);
    await Bun.sleep(10);
    expect(answered).toBe(false);
    change("2");
    expect(await revisionOf(await answer)).toBe("2");
  });

  test("that was here before is answered at once", async () => {
    const { send, change } = setUp();
    const stream = eventsOf(await send(EVENTS));
    change("1");
    await until("an event", () => stream.events.length === 1);
    change("2");
    const named = { flagConfigEtag: stream.events[0]?.etag ?? "" };
    expect(await revisionOf(await send(...post(named)))).toBe("2");
  });

  test("older by its time is answered at once", async () => {
    const { send, change } = setUp();
    change("1");
    for (const flagConfigLastModified of ["1000000000", "Thu, 20 Feb 2020 21:28:18 GMT"]) {
      const named = { flagConfigEtag: '"unknown"', flagConfigLastModified };
      expect(await revisionOf(await send(...post(named)))).toBe("1");
    }
  });

  test("that never comes is answered after a while, many at the cost of few polls", async () => {
    const { send, change, refreshes } = setUp({ freshnessMs: 20 });
    change("1");
    const asked = Array.from({ length: 20 }, (_, i) => send(...post({ flagConfigEtag: `"${i}"` })));
    for (const response of await Promise.all(asked)) expect(await revisionOf(response)).toBe("1");
    expect(refreshes).toHaveLength(1);
  });
});
