import { describe, expect, test } from "bun:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, type ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import {
  FetchAllFlagsRequestSchema,
  FetchAllFlagsResponseSchema,
  FlagSyncService,
  GetMetadataResponseSchema,
} from "../../../../src/gen/flagd/sync/v1/sync_pb.ts";
import type { SyncServiceOptions } from "../../../../src/services/sync/sync-service.ts";
import { until } from "../../../support/until.ts";
import { flag, flagSet } from "../../store/flags.ts";
import { settled } from "./fakes.ts";
import { createSetup } from "./setup.ts";

const ways = ["fast path", "Connect"] as const;

/** The service as a client by one of the ways sees it. */
async function createClientOf(
  way: (typeof ways)[number],
  options: Parameters<typeof createSetup>[0] & Partial<SyncServiceOptions> = {},
) {
  const setup = createSetup(options);
  await settled();
  const client = createClient(FlagSyncService, createRouterTransport(await setup.service.routes()));
  const fast = {
    async fetchAllFlags(request: { selector?: string }, header?: string) {
      const message = create(FetchAllFlagsRequestSchema, request);
      const bytes = toBinary(FetchAllFlagsRequestSchema, message);
      return fromBinary(
        FetchAllFlagsResponseSchema,
        await setup.call("FetchAllFlags", bytes, header),
      );
    },
    async getMetadata() {
      return fromBinary(
        GetMetadataResponseSchema,
        await setup.call("GetMetadata", new Uint8Array()),
      );
    },
  };
  const connect = {
    fetchAllFlags: (request: { selector?: string }, header?: string) =>
      client.fetchAllFlags(
        request,
        header === undefined ? {} : { headers: { "Flagd-Selector": header } },
      ),
    getMetadata: () => client.getMetadata({}),
  };
  return { ...setup, client, ...(way === "Connect" ? connect : fast) };
}

describe.each(ways)("by the %s", (way) => {
  test("FetchAllFlags answers what a stream begins with", async () => {
    const { fetchAllFlags, open, store } = await createClientOf(way);
    store.accept("A", flagSet([flag("x")]));
    const { flagConfiguration } = await fetchAllFlags({});
    const [first] = (await open()).messages;
    expect(flagConfiguration).toBe(first?.flagConfiguration ?? "");
    expect(flagConfiguration).toBe(store.snapshot.view({}).syncPayload);
  });

  test("FetchAllFlags answers what is selected, the header first", async () => {
    const { fetchAllFlags, store } = await createClientOf(way);
    store.accept("A", flagSet([flag("x")]));
    store.accept("B", flagSet([flag("y")]));
    const everything = store.snapshot.view({}).syncPayload;
    const ofB = store.snapshot.view({ source: "B" }).syncPayload;
    expect((await fetchAllFlags({ selector: "B" })).flagConfiguration).toBe(ofB);
    expect((await fetchAllFlags({ selector: "A" }, "B")).flagConfiguration).toBe(ofB);
    expect((await fetchAllFlags({ selector: "A" }, "")).flagConfiguration).toBe(everything);
    expect((await fetchAllFlags({ selector: "none" })).flagConfiguration).toBe('{"flags":{}}');
  });

  test("FetchAllFlags refuses a selector with a wrong key", async () => {
    const { fetchAllFlags } = await createClientOf(way);
    expect(await failureOf(fetchAllFlags({ selector: "a=b" }))).toEqual({
      code: Code.InvalidArgument,
      message: 'invalid selector key "a", valid keys: "flagSetId", "source"',
    });
  });

  test("FetchAllFlags is unavailable before every source has delivered", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { fetchAllFlags } = await createClientOf(way, { whenReady: promise });
    expect((await failureOf(fetchAllFlags({})))?.code).toBe(Code.Unavailable);
    resolve();
    await settled();
    expect((await fetchAllFlags({})).flagConfiguration).toBe('{"flags":{}}');
  });

  test("GetMetadata answers the context values", async () => {
    const values = { env: "prod", region: "eu" };
    expect((await (await createClientOf(way, { values })).getMetadata()).metadata).toEqual(values);
    expect((await (await createClientOf(way)).getMetadata()).metadata).toEqual({});
  });

  test("GetMetadata can be turned off, which leaves the streams their context", async () => {
    const { getMetadata, open } = await createClientOf(way, {
      values: { env: "prod" },
      metadataDisabled: true,
    });
    expect(await failureOf(getMetadata())).toEqual({
      code: Code.Unimplemented,
      message: "metadata endpoint disabled",
    });
    expect((await open()).messages[0]?.syncContext).toEqual({ env: "prod" });
  });
});

test("by Connect a stream gets every state in turn, and is forgotten when cancelled", async () => {
  const { client, store, measured } = await createClientOf("Connect", { values: { env: "prod" } });
  const cancel = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const message of client.syncFlags({ selector: "A" }, { signal: cancel.signal })) {
      expect(message.syncContext).toEqual({ env: "prod" });
      seen.push(message.flagConfiguration);
      if (seen.length === 1) store.accept("A", flagSet([flag("x")]));
      else cancel.abort();
    }
  })();
  expect(await failureOf(reading)).toMatchObject({ code: Code.Canceled });
  expect(seen).toEqual(['{"flags":{}}', store.snapshot.view({ source: "A" }).syncPayload]);
  const ends = await until("the end of the stream", () => measured[0]?.ends[0]);
  expect(ends).toBe("normal_close");
});

test("a message that is no request is refused on the fast path", async () => {
  const { call } = createSetup();
  expect(() => call("FetchAllFlags", new Uint8Array([0x0a, 0x7f]))).toThrow(/unmarshal message/);
});

test("flags beyond what a client takes are warned of, with their size and what to raise", async () => {
  const { open, store, entries } = createSetup();
  store.accept("A", flagSet([flag("x", "r".repeat(3_000_000), "S1")]));
  await open({ selector: "flagSetId=S1" });
  await open({ selector: "flagSetId=S1" });
  expect(entries).toHaveLength(1);
  const [{ message, fields } = { message: "", fields: {} }] = entries;
  expect(message).toContain("maxMsgSize");
  expect(message).toContain("4194304");
  expect(fields.bytes as number).toBeGreaterThan(4_194_304);
  expect(message).toContain(String(fields.bytes));
  expect(fields.flagSetId).toBe("S1");
});

async function failureOf(answer: Promise<unknown>) {
  try {
    await answer;
    return undefined;
  } catch (error) {
    const { code, rawMessage: message } = error as ConnectError;
    return { code, message };
  }
}
