/**
 * One daemon with a source of every kind. Each delivers, changes, sends what is no flag document, is
 * repaired, fails and comes back; the daemon serves all the time.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { DocumentServer } from "../support/document-server.ts";
import { type Flagd, startFlagd } from "../support/flagd.ts";
import { KubernetesServer } from "../support/kubernetes-server.ts";
import { RedisServer } from "../support/redis.ts";
import { type Asked, ScriptedSyncServer } from "../support/scripted-sync-server.ts";
import { until } from "../support/until.ts";

/** What a source reads from. */
interface Origin {
  /** Settings of the source. */
  readonly source: { readonly uri: string };
  readonly env?: Readonly<Record<string, string>>;
  put(document: object): void | Promise<void>;
  fail(): void | Promise<void>;
  /** Ends the failure; what is there then is put next. */
  repair(): void | Promise<void>;
}

const folder = mkdtempSync(join(tmpdir(), "flagd-lives-"));
const resources = new AsyncDisposableStack();

/** @param sourceOf what reads from the server at `host` */
function fromWeb(sourceOf: (host: string) => Pick<Origin, "source" | "env">): Origin {
  const server = resources.use(new DocumentServer());
  return {
    ...sourceOf(new URL(server.url).host),
    put(document) {
      server.document = JSON.stringify(document);
    },
    fail() {
      server.behaviour = () => new Response("try again", { status: 503 });
    },
    repair() {
      server.behaviour = () => undefined;
    },
  };
}

const origins: Readonly<Record<string, () => Origin | Promise<Origin>>> = {
  http: () => fromWeb((host) => ({ source: { uri: `http://${host}/flags.json` } })),
  s3: () =>
    fromWeb((host) => ({
      source: { uri: `s3://bucket/flags.json?endpoint=http://${host}&use_path_style=true` },
      env: { AWS_ACCESS_KEY_ID: "me", AWS_SECRET_ACCESS_KEY: "secret", AWS_REGION: "eu-west-1" },
    })),
  gcs: () =>
    fromWeb((host) => ({
      source: { uri: "gs://bucket/flags.json" },
      env: { STORAGE_EMULATOR_HOST: host },
    })),
  azblob: () =>
    fromWeb((host) => ({
      source: { uri: `azblob://bucket/flags.json?domain=${host}&localemu=true` },
      env: { AZURE_STORAGE_ACCOUNT: "acme", AZURE_STORAGE_KEY: btoa("key") },
    })),
  kubernetes() {
    const server = resources.use(new KubernetesServer());
    const kubeconfig = join(folder, "kubeconfig");
    const config = {
      "current-context": "here",
      contexts: [{ name: "here", context: { cluster: "mine", user: "me" } }],
      clusters: [{ name: "mine", cluster: { server: server.url } }],
      users: [{ name: "me", user: {} }],
    };
    writeFileSync(kubeconfig, JSON.stringify(config));
    return {
      source: { uri: "shop/flags" },
      env: { KUBECONFIG: kubeconfig },
      put: (document) => server.set({ flagSpec: document }),
      fail() {
        server.behaviour = () => new Response(null, { status: 503 });
        server.endWatches();
      },
      repair() {
        server.behaviour = () => undefined;
      },
    };
  },
  file() {
    const path = join(folder, "flags.json");
    return {
      source: { uri: path },
      put: (document) => writeFileSync(path, JSON.stringify(document)),
      fail: () => unlinkSync(path),
      repair() {},
    };
  },
  async redis() {
    const server = resources.use(await RedisServer.start());
    return {
      source: { uri: `redis://127.0.0.1:${server.port}/0?key=flags` },
      put: (document) => server.set("flags", JSON.stringify(document)),
      fail: () => server.kill(),
      repair: () => server.start(),
    };
  },
  async grpc() {
    let [document, failing]: [object, boolean] = [{}, false];
    let stream: Asked | undefined;
    const refuse = ({ call }: Asked) => {
      call.emit("error", { code: status.UNAVAILABLE, details: "away" });
    };
    const server = resources.use(
      await ScriptedSyncServer.start((asked) => {
        if (failing) return refuse(asked);
        stream = asked;
        asked.send(document);
      }),
    );
    return {
      source: { uri: `127.0.0.1:${server.port}` },
      put(next) {
        document = next;
        stream?.send(next);
      },
      fail() {
        failing = true;
        if (stream) refuse(stream);
        stream = undefined;
      },
      repair() {
        failing = false;
      },
    };
  },
};

const providers = Object.keys(origins);
const polled = new Set(["http", "s3", "gcs", "azblob", "redis"]);
const running = new Map<string, Origin>();
let flagd: Flagd;

/** The flag that has its source's name, with a variant. */
const document = (provider: string, variant: string) => ({
  flags: {
    [provider]: { state: "ENABLED", variants: { [variant]: variant }, defaultVariant: variant },
  },
});

beforeAll(async () => {
  for (const [provider, make] of Object.entries(origins)) {
    const origin = await make();
    running.set(provider, origin);
    await origin.put(document(provider, "first"));
  }
  const sources = [...running].map(([provider, { source }]) => {
    return { ...source, provider, ...(polled.has(provider) && { interval: 1 }) };
  });
  const env = Object.assign({}, ...[...running.values()].map(({ env }) => env));
  flagd = await startFlagd(["--sources", JSON.stringify(sources)], { env });
});

afterAll(async () => {
  await flagd?.[Symbol.asyncDispose]();
  await resources.disposeAsync();
  rmSync(folder, { recursive: true });
});

async function value(provider: string): Promise<unknown> {
  const url = `${flagd.http}/ofrep/v1/evaluate/flags/${provider}`;
  return ((await (await fetch(url, { method: "POST" })).json()) as { value?: unknown }).value;
}

/** The sample of the source metric that is of this provider and has these labels. */
async function metric(provider: string, name: string, labels = ""): Promise<number> {
  const text = await (await fetch(`${flagd.http}/metrics`)).text();
  const line = text
    .split("\n")
    .filter((sample) => sample.startsWith(`feature_flag_flagd_source_${name}{`))
    .find((sample) => sample.includes(`provider="${provider}"`) && sample.includes(labels));
  return Number(line?.split(" ").at(-1));
}

describe.each(providers)("%s", (provider) => {
  const origin = () => {
    const found = running.get(provider);
    if (!found) throw new Error(`${provider} was not started`);
    return found;
  };
  const serves = (variant: string) =>
    until(`${variant} of ${provider}`, async () => (await value(provider)) === variant);
  const isIn = (state: string) =>
    until(
      `${provider} being ${state}`,
      async () => (await metric(provider, "state", `state="${state}"`)) === 1,
    );
  const rejected = () => metric(provider, "payloads_total", 'outcome="rejected"');
  const failures = () => metric(provider, "failures_total");

  test("delivers, and delivers a change", async () => {
    await serves("first");
    await origin().put(document(provider, "second"));
    await serves("second");
    await isIn("synced");
  });

  test("sends what is no flag document: rejected once, and the flags stay", async () => {
    await origin().put({ flags: { [provider]: { state: "ENABLED", variants: [] } } });
    await isIn("stale");
    expect(await rejected()).toBe(1);
    expect(await value(provider)).toBe("second");
    const lines = flagd.log().split("\n");
    const said = lines.filter((line) => line.includes("flag document rejected"));
    expect(said.filter((line) => line.includes(`provider=${provider}`))).toHaveLength(1);
    await origin().put(document(provider, "third"));
    await serves("third");
    await isIn("synced");
  });

  test("fails and the flags stay, comes back with others", async () => {
    const before = await failures();
    await origin().fail();
    await isIn("stale");
    expect(await failures()).toBeGreaterThan(before);
    expect(await value(provider)).toBe("third");
    expect((await fetch(`${flagd.http}/readyz`)).status).toBe(200);
    await origin().repair();
    await origin().put(document(provider, "fourth"));
    await serves("fourth");
    await isIn("synced");
  });
});
