import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  browserClient,
  type Client,
  nodeClient,
  pythonClient,
  type Results,
} from "../support/client.ts";
import { type Flagd, startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { rejson } from "../support/rejson.ts";
import { changedDocument, expectations, sampleDocument } from "../support/sample-flags.ts";
import { until } from "../support/until.ts";

/** Every client gets this; if a provider itself reports something else, it is said here. */
const kinds: readonly {
  readonly name: string;
  readonly start: (flagd: Flagd) => Promise<Client>;
  readonly differs?: Readonly<
    Record<string, { readonly value?: unknown; readonly reason?: string }>
  >;
}[] = [
  {
    name: "@openfeature/flagd-provider, rpc",
    start: ({ port }) => nodeClient("flagd", { host: "127.0.0.1", port }),
  },
  {
    name: "@openfeature/flagd-provider, in-process",
    start: ({ syncPort }) =>
      nodeClient("flagd", { host: "127.0.0.1", port: syncPort, resolverType: "in-process" }),
  },
  {
    name: "@openfeature/ofrep-provider",
    start: ({ http }) => nodeClient("ofrep", { baseUrl: http }),
    // The provider takes an answer without a value for an error.
    differs: { disabled: { reason: "ERROR" } },
  },
  {
    name: "@openfeature/flagd-web-provider in a browser, from another origin",
    start: ({ port }) => browserClient(port),
  },
  {
    name: "Python's openfeature-provider-flagd, rpc",
    start: ({ port }) => pythonClient({ host: "127.0.0.1", port }),
  },
  {
    name: "Python's openfeature-provider-flagd, in-process",
    start: ({ syncPort }) =>
      pythonClient({ host: "127.0.0.1", port: syncPort, resolver_type: "in-process" }),
    // It evaluates by itself, with the newer way to bucket.
    differs: { split: { value: "g" } },
  },
];

describe.each(kinds)("$name", ({ start, differs = {} }) => {
  let redis: RedisServer;
  let flagd: Flagd;
  let client: Client;

  beforeAll(async () => {
    redis = await RedisServer.start({ module: await rejson() });
    await redis.set("flags", JSON.stringify(sampleDocument));
    const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
    // So long an interval that a change can only be seen by a hint.
    flagd = await startFlagd([
      "--sources",
      JSON.stringify([{ uri, provider: "redis", interval: 3600 }]),
    ]);
    client = await start(flagd);
  }, 120_000);

  afterAll(async () => {
    await client?.[Symbol.asyncDispose]();
    await flagd?.[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });

  const bool = (results: Results | undefined) => results?.bool?.value;

  test("evaluates every type and every kind of targeting", () => {
    const [first] = client.reports;
    for (const { flag, value, reason } of expectations) {
      expect({ flag, ...first?.[flag] }).toMatchObject({ flag, value, reason, ...differs[flag] });
    }
    expect(first?.missing?.errorCode).toBe("FLAG_NOT_FOUND");
  });

  test("hears of a change by SET and by JSON.SET", async () => {
    await redis.set("flags", JSON.stringify(changedDocument()));
    await until("the value of SET", () => bool(client.reports.at(-1)) === false);

    await redis.command("DEL", "flags");
    await redis.command("JSON.SET", "flags", "$", JSON.stringify(sampleDocument));
    await until("the value of JSON.SET", () => bool(client.reports.at(-1)) === true);

    await redis.command("JSON.SET", "flags", "$.flags.bool.defaultVariant", '"off"');
    await until("the value of JSON.SET of a member", () => bool(client.reports.at(-1)) === false);
  });
});
