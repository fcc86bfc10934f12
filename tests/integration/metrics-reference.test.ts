import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { Service } from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { FlagSyncService } from "../../src/gen/flagd/sync/v1/sync_pb.ts";
import { readPages, root } from "../support/documentation.ts";
import { type Flagd, startFlagd } from "../support/flagd.ts";
import { until } from "../support/until.ts";

interface Family {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

let flagd: Flagd;
let receiver: Bun.Server<undefined>;
let served: Family[];

/** Everything that is counted happens once. */
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "flagd-metrics-"));
  const tokens = join(folder, "tokens.json");
  const token = "a-token-for-everything";
  const surfaces = ["evaluation", "ofrep", "sync", "management"];
  writeFileSync(tokens, JSON.stringify({ tokens: [{ name: "reference", token, surfaces }] }));
  const flags = join(folder, "flags.json");
  const text = readFileSync(join(root, "examples/flags.json"), "utf8");
  writeFileSync(flags, text);
  receiver = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  flagd = await startFlagd(
    [
      ...["--uri", `file:${flags}`, "--tokens-path", tokens],
      ...["--notify-url", `http://127.0.0.1:${receiver.port}`],
    ],
    { env: { FLAGD_NOTIFY_SECRET: "a-secret-of-this-test" } },
  );
  writeFileSync(flags, text.replace('"defaultVariant": "calm"', '"defaultVariant": "loud"'));
  const headers = { "x-api-key": token };
  const ofrep = `${flagd.http}/ofrep/v1/evaluate/flags`;
  await fetch(ofrep, { method: "POST", body: "{}", headers });
  const baseUrl = `http://127.0.0.1:${flagd.port}`;
  const transports: Transport[] = [
    createGrpcTransport({ baseUrl }),
    createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
    createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  ];
  for (const transport of transports) {
    const client = createClient(Service, transport);
    await client.resolveString({ flagKey: "banner-text" }, { headers });
    await client.resolveString({ flagKey: "nowhere" }, { headers }).catch(() => {});
  }
  const sync = createClient(
    FlagSyncService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${flagd.syncPort}` }),
  );
  const request = { selector: "flagSetId=", providerId: "reference" };
  const end = new AbortController();
  const stream = sync.syncFlags(request, { headers, signal: end.signal })[Symbol.asyncIterator]();
  await stream.next();
  const options = { signal: end.signal, headers: { ...headers, "Flagd-Selector": "flagSetId=" } };
  const events = createClient(Service, createGrpcTransport({ baseUrl }))
    .eventStream({}, options)
    [Symbol.asyncIterator]();
  await events.next();
  end.abort();
  served = await until("the end of the sync stream and the change being measured", async () => {
    const families = parse(await (await fetch(`${flagd.http}/metrics`, { headers })).text());
    const measured = (part: string) => families.some(({ name }) => name.includes(part));
    return measured("stream_duration_seconds") && measured("notifications") && families;
  });
  rmSync(folder, { recursive: true });
});

afterAll(async () => {
  await flagd?.[Symbol.asyncDispose]();
  await receiver?.stop(true);
});

function parse(exposition: string): Family[] {
  return exposition
    .split("# HELP ")
    .slice(1)
    .map((text) => {
      const [, name = "", type = ""] = /^# TYPE (\S+) (\S+)$/m.exec(text) ?? [];
      const labels = [...text.matchAll(/[{,](\w+)="/g)].map(([, label = ""]) => label);
      const own = labels.filter((label) => !label.startsWith("otel_scope_") && label !== "le");
      return { name, type, labels: [...new Set(own)].sort() };
    });
}

async function documented(): Promise<Family[]> {
  const page = (await readPages()).find(({ path }) => path === "docs/reference/metrics.md");
  // What a system does not tell is not served.
  const text = page?.text.replace(process.platform === "linux" ? "" : /^.*Linux only.*\n/gm, "");
  const rows = text?.matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm) ?? [];
  return [...rows].map(([, name = "", type = "", labels = ""]) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = ""]) => label).sort(),
  }));
}

test("docs/reference/metrics.md has the families that flagd serves, with their types and labels", async () => {
  const byName = (a: Family, b: Family) => (a.name < b.name ? -1 : 1);
  expect((await documented()).sort(byName)).toEqual(served.sort(byName));
});
