import { afterEach, describe, expect, jest, test } from "bun:test";
import { Code } from "@connectrpc/connect";
import type { JsonObject } from "../../../../src/core/json.ts";
import { atOnce } from "../../../../src/core/turns.ts";
import { pack } from "../../../../src/flags/packed.ts";
import type { View } from "../../../../src/store/view.ts";
import { stepsTo } from "../../../support/steps.ts";
import { flag, flagSet } from "../../store/flags.ts";
import { FakeStream, settled } from "./fakes.ts";
import { createSetup } from "./setup.ts";

afterEach(() => {
  jest.useRealTimers();
});

describe("a sync stream", () => {
  test("begins with the state there is, even an empty one", async () => {
    const { open, store } = createSetup();
    expect((await open()).messages.map((m) => m.flagConfiguration)).toEqual(['{"flags":{}}']);
    store.accept("A", flagSet([flag("x")]));
    expect((await open()).messages.map((m) => m.flagConfiguration)).toEqual([
      store.snapshot.view({}).syncPayload,
    ]);
  });

  test("gets the full state after each change that its selector sees", async () => {
    const { open, store } = createSetup();
    const everything = await open();
    const ofB = await open({ selector: "source=B" });
    store.accept("A", flagSet([flag("x"), flag("y")]));
    expect(everything.state).toEqual({ x: "1", y: "1" });
    store.accept("A", flagSet([flag("y")]));
    expect(everything.state).toEqual({ y: "1" });
    store.accept("A", flagSet([]));
    expect(everything.messages).toHaveLength(4);
    expect(everything.messages.at(-1)?.flagConfiguration).toBe('{"flags":{}}');
    expect(ofB.messages).toHaveLength(1);
  });

  test("gets nothing when a source sends again what it sent before", async () => {
    const { open, store } = createSetup();
    const stream = await open();
    store.accept("A", flagSet([flag("x")]));
    store.accept("A", flagSet([flag("x")]));
    expect(stream.messages).toHaveLength(2);
  });

  test("of a selector that finds nothing stays open and gets what appears", async () => {
    const { open, store } = createSetup();
    const stream = await open({ selector: "flagSetId=later" });
    expect(stream.messages.map((m) => m.flagConfiguration)).toEqual(['{"flags":{}}']);
    store.accept("A", flagSet([flag("x", "1", "later")]));
    expect(stream.state).toEqual({ x: "1" });
  });

  test("gets nothing before every source has delivered", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { open, store } = createSetup({ whenReady: promise });
    const stream = await open();
    store.accept("A", flagSet([flag("x")]));
    expect(stream.pieces).toEqual([]);
    resolve();
    await settled();
    expect(stream.messages).toHaveLength(1);
    expect(stream.state).toEqual({ x: "1" });
  });

  test("that is cancelled while it waits for the sources is forgotten", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { open, measured } = createSetup({ whenReady: promise });
    const stream = await open();
    stream.close();
    resolve();
    await settled();
    expect(stream.pieces).toEqual([]);
    expect(measured[0]?.ends).toEqual(["normal_close"]);
  });

  test("whose client is gone already when it opens is forgotten", async () => {
    const { open, measured } = createSetup();
    const stream = new FakeStream();
    stream.close();
    await open({}, stream);
    expect(stream.pieces).toEqual([]);
    expect(measured[0]?.ends).toEqual(["normal_close"]);
  });

  test("sends the very bytes that the others of its selector send", async () => {
    const { open, store } = createSetup();
    const streams = [await open(), await open(), await open({ header: "" })];
    store.accept("A", flagSet([flag("x")]));
    const late = await open();
    const buffers = [...streams, late].map((stream) => stream.pieces.at(-1)?.buffer);
    expect(buffers[0]).toBeInstanceOf(ArrayBuffer);
    expect(new Set(buffers).size).toBe(1);
  });

  test("is ended by the server after its deadline", () => {
    const { begin, measured } = createSetup({ streamDeadlineMs: 2_000 });
    jest.useFakeTimers();
    const stream = begin();
    jest.advanceTimersByTime(1_999);
    expect(stream.ended).toBeUndefined();
    jest.advanceTimersByTime(1);
    expect(stream.ended?.error?.code).toBe(Code.DeadlineExceeded);
    expect(stream.ended?.error?.rawMessage).toBe("stream closed due to server-side timeout");
    expect(measured[0]?.ends).toEqual(["deadline_exceeded"]);
  });

  test.each([0, -1])("has no deadline if that is %p ms", (streamDeadlineMs) => {
    const { begin } = createSetup({ streamDeadlineMs });
    jest.useFakeTimers();
    begin();
    expect(jest.getTimerCount()).toBe(0);
  });

  test("ends as unavailable when the server stops, and so does one opened later", async () => {
    const { service, open, store } = createSetup();
    const stream = await open();
    service.shutdown();
    expect(stream.ended?.error?.code).toBe(Code.Unavailable);
    store.accept("A", flagSet([flag("x")]));
    expect(stream.messages).toHaveLength(1);
    expect((await open()).ended?.error?.code).toBe(Code.Unavailable);
  });
});

test("flags that are too large to encode end the stream and are reported", async () => {
  const view: View = {
    flags: new Map(),
    maxFlags: 0,
    ordered: stepsTo([]),
    reflection: {},
    memo: [],
    isLarge: false,
    syncPayload: "",
    syncParts() {
      throw new RangeError("Out of memory");
    },
  };
  const { open, entries, measured } = createSetup({
    store: { snapshot: { view: () => view }, subscribe: () => () => {} },
  });
  const stream = await open();
  expect(stream.ended?.error?.code).toBe(Code.DataLoss);
  expect(entries).toEqual([
    {
      message: "the flags cannot be encoded for sync clients",
      fields: { error: "RangeError: Out of memory" },
    },
  ]);
  expect(measured[0]?.ends).toEqual(["error"]);
});

describe("states that are made in slices", () => {
  /** A view that takes so many turns of the event loop to encode. */
  function slowView(turns: number): View {
    const text = '{"flags":{}}';
    return {
      flags: new Map(),
      maxFlags: 0,
      ordered: stepsTo([]),
      reflection: {},
      memo: [],
      isLarge: true,
      syncPayload: text,
      *syncParts() {
        for (let turn = 0; turn < turns; turn++) {
          for (const end = performance.now() + 2; performance.now() < end; ) yield;
        }
        return [Buffer.from(text)];
      },
    };
  }

  test("are sent although they change faster than they are made", async () => {
    let view = slowView(5);
    let changed = () => {};
    const { open } = createSetup({
      store: {
        get snapshot() {
          return { view: () => view };
        },
        subscribe: (_, listener) => {
          changed = () => listener(new Map(), view);
          return () => {};
        },
      },
    });
    const stream = await open();
    for (const end = performance.now() + 500; performance.now() < end; ) {
      view = slowView(5);
      changed();
      await settled();
    }
    expect(stream.messages.length).toBeGreaterThan(2);
  });

  test("are sent once, however many changes there were meanwhile", async () => {
    const { open, store } = createSetup();
    const stream = await open();
    const revisions = ["1", "2", "3"];
    for (const revision of revisions) {
      atOnce(store.accepting("A", pack(flagSet([flag("x", revision)]), "A"), {}));
    }
    // In as many turns as it takes.
    while (stream.state?.x !== "3") await settled();
    expect(stream.state).toEqual({ x: "3" });
    const sent = stream.messages.map(({ flagConfiguration }) => flagConfiguration);
    expect(new Set(sent).size).toBe(sent.length);
  });
});

describe("the selector", () => {
  test.each([
    ["of the request", { selector: "source=A" }, { x: "1" }],
    ["of the header", { header: "source=B" }, { y: "1" }],
    ["of the header over the request's", { header: "source=B", selector: "source=A" }, { y: "1" }],
    [
      "of an empty header over the request's",
      { header: "", selector: "source=A" },
      { x: "1", y: "1" },
    ],
    ["that is a source alone", { selector: "B" }, { y: "1" }],
    ["that is not given", {}, { x: "1", y: "1" }],
  ])("%s counts", async (_, request, state) => {
    const { open, store } = createSetup();
    store.accept("A", flagSet([flag("x")]));
    store.accept("B", flagSet([flag("y")]));
    expect((await open(request)).state).toEqual(state);
  });

  test.each([{ selector: "a=b" }, { header: "a=b" }])(
    "%p is refused for its key",
    async (request) => {
      const { open, measured } = createSetup();
      await expect(open(request)).rejects.toMatchObject({
        code: Code.InvalidArgument,
        rawMessage: 'invalid selector key "a", valid keys: "flagSetId", "source"',
      });
      expect(measured).toEqual([]);
    },
  );
});

describe("the evaluation context", () => {
  test.each<JsonObject>([{}, { env: "prod", region: "eu" }])(
    "%p comes with every message",
    async (values) => {
      const { open, store } = createSetup({ values });
      const stream = await open();
      store.accept("A", flagSet([flag("x")]));
      expect(stream.messages.map((message) => message.syncContext)).toEqual([
        values as never,
        values as never,
      ]);
    },
  );

  test("that changes is sent with the flags as they are", async () => {
    let current: JsonObject = { region: "eu" };
    let changed = () => {};
    const { open, store } = createSetup({
      context: {
        get current() {
          return current;
        },
        subscribe: (listener) => {
          changed = listener;
        },
      },
    });
    store.accept("A", flagSet([flag("x")]));
    const stream = await open();
    current = { region: "us" };
    changed();
    expect(stream.messages).toHaveLength(2);
    expect(stream.state).toEqual({ x: "1" });
    expect(stream.messages.at(-1)?.syncContext).toEqual({ region: "us" });
  });
});

describe("metrics of a stream", () => {
  test("name the client as far as it gave its name, and count its bytes", async () => {
    const { open, measured } = createSetup();
    const stream = await open({ header: "source=A", providerId: "p1" });
    await open({ selector: "B" });
    await open({ header: "", selector: "B" });
    expect(measured.map(({ client }) => client)).toEqual([
      { selector: "source=A", providerId: "p1" },
      { selector: "B" },
      {},
    ]);
    expect(measured[0]?.bytes).toBe(Buffer.concat(stream.pieces).length);
    stream.close();
    expect(measured.map(({ ends }) => ends)).toEqual([["normal_close"], [], []]);
  });

  test("do not repeat a client's text of any length", async () => {
    const { open, measured } = createSetup();
    await open({ selector: "s".repeat(10_000), providerId: "p".repeat(10_000) });
    const { selector = "", providerId = "" } = measured[0]?.client ?? {};
    expect(selector.length).toBeLessThanOrEqual(100);
    expect(providerId.length).toBeLessThanOrEqual(100);
  });
});
