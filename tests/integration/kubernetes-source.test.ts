import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubernetesSource } from "../../src/sources/kubernetes/kubernetes-source.ts";
import { isPermanent } from "../../src/sources/source.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { KubernetesServer } from "../support/kubernetes-server.ts";
import { hastyClock, RunningSource } from "../support/running-source.ts";
import { until } from "../support/until.ts";

const flags = (...keys: string[]) => ({
  flagSpec: { flags: Object.fromEntries(keys.map((key) => [key, { state: "ENABLED" }])) },
});
const document = (...keys: string[]) => JSON.stringify(flags(...keys).flagSpec);

let certificates: Certificates;
const folder = mkdtempSync(join(tmpdir(), "flagd-kubernetes-"));
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => {
  certificates.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** A kubeconfig file; members of `user` and `cluster` as given. */
function kubeconfig(server: string, user: object = {}, cluster: object = {}): string {
  const path = join(folder, `${crypto.randomUUID()}.yaml`);
  const config = {
    "current-context": "here",
    contexts: [
      { name: "there", context: { cluster: "other", user: "other" } },
      { name: "here", context: { cluster: "mine", user: "me" } },
    ],
    clusters: [{ name: "mine", cluster: { server, ...cluster } }],
    users: [{ name: "me", user }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

function run(env: Record<string, string>, options: { watchSeconds?: number } = {}) {
  return new RunningSource(
    new KubernetesSource(
      { provider: "kubernetes", uri: "shop/flags" },
      { clock: hastyClock, env, serviceAccount: folder, ...options },
    ),
  );
}

const start = (server: KubernetesServer, options: { watchSeconds?: number } = {}) =>
  run({ KUBECONFIG: kubeconfig(server.url) }, options);

const watching = (server: KubernetesServer) => until("a watch", () => server.openWatches > 0);

describe("a FeatureFlag", () => {
  test("is delivered, and every change of it at once", async () => {
    using server = new KubernetesServer();
    server.set(flags("a"));
    await using source = start(server);
    expect(await source.delivers(document("a"))).toMatchObject({ format: "json" });
    await watching(server);
    server.set(flags("a", "b"));
    await source.delivers(document("a", "b"));
    server.set(flags());
    await source.delivers('{"flags":{}}');
    expect(server.lists).toHaveLength(1);
    expect(source.failures).toEqual([]);
  });

  test("whose flags did not change is not delivered again", async () => {
    using server = new KubernetesServer();
    server.set(flags("a"));
    await using source = start(server);
    await watching(server);
    const { unchangedCalls } = source;
    server.set(flags("a"), { labels: { team: "blue" } });
    await source.finds(unchangedCalls);
    expect(source.documents).toEqual([document("a")]);
  });

  test("that is not there yet is waited for", async () => {
    using server = new KubernetesServer();
    await using source = start(server);
    await source.fails("the FeatureFlag shop/flags does not exist");
    await watching(server);
    server.set(flags("late"));
    await source.delivers(document("late"));
  });

  test.each([{}, { flagSpec: null }])("whose spec is %j is a failure", async (spec) => {
    using server = new KubernetesServer();
    server.set(spec);
    await using source = start(server);
    await source.fails("has no spec.flagSpec");
  });

  test("that is deleted keeps its flags until it comes back", async () => {
    using server = new KubernetesServer();
    server.set(flags("a"));
    await using source = start(server);
    await watching(server);
    server.set(undefined);
    await source.fails("the FeatureFlag shop/flags was deleted");
    server.set(flags("b"));
    await source.delivers(document("b"));
    expect(source.documents).toEqual([document("a"), document("b")]);
  });
});

describe("a watch", () => {
  test("that ends goes on where it was left", async () => {
    using server = new KubernetesServer();
    server.set(flags("a"));
    await using source = start(server);
    await watching(server);
    server.set(flags("b"));
    await source.delivers(document("b"));
    const seen = server.version;
    server.endWatches();
    server.set(flags("c"));
    await source.delivers(document("c"));
    const [first, second] = server.watches.map(({ url }) => new URL(url).searchParams);
    expect(second?.get("resourceVersion")).toBe(seen);
    expect(first?.get("allowWatchBookmarks")).toBe("true");
    expect(first?.get("timeoutSeconds")).toBe("60");
    expect(server.lists).toHaveLength(1);
  });

  test("goes on from a bookmark", async () => {
    using server = new KubernetesServer();
    server.set(flags("a"));
    await using source = start(server);
    await watching(server);
    server.bookmark();
    const { version } = server;
    server.endWatches();
    await until("another watch", () =>
      server.watches.some(({ url }) => url.includes(`resourceVersion=${version}&`)),
    );
    expect(source.failures).toEqual([]);
  });

  test.each(["as an event", "as an answer"])("that is too old (%s) lists again", async (how) => {
    using server = new KubernetesServer();
    server.set(flags("a"));
    await using source = start(server);
    await watching(server);
    server.behaviour = ({ url }) => {
      if (!url.includes("watch=true")) return undefined;
      server.behaviour = () => undefined;
      const status = { kind: "Status", code: 410, message: "too old resource version" };
      return how === "as an answer"
        ? Response.json(status, { status: 410 })
        : new Response(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
    };
    server.endWatches();
    await until("another list", () => server.lists.length > 1);
    await watching(server);
    server.set(flags("b"));
    await source.delivers(document("b"));
    expect(source.failures).toEqual([]);
  });

  test.each([
    ['{"type":"ERROR","object":{"code":500,"message":"etcd is down"}}\n', "etcd is down"],
    ["<html>\n", "does not speak the Kubernetes API"],
  ])("that says %s fails, and another follows", async (text, reason) => {
    using server = new KubernetesServer();
    server.set(flags("a"));
    await using source = start(server);
    await watching(server);
    const { unchangedCalls } = source;
    server.say(text);
    await source.fails(reason);
    await source.finds(unchangedCalls);
    server.set(flags("b"));
    await source.delivers(document("b"));
  });

  test("in which nothing arrives any more is given up", async () => {
    using server = new KubernetesServer();
    server.set(flags("a"));
    await using source = start(server, { watchSeconds: 0.4 });
    await source.delivers(document("a"));
    const { unchangedCalls } = source;
    await source.fails("the server sent nothing within 0.5 s");
    await source.finds(unchangedCalls);
  });

  test("takes events that arrive in pieces", async () => {
    using server = new KubernetesServer();
    server.set(flags("a"));
    await using source = start(server);
    await watching(server);
    const object = { metadata: { resourceVersion: "500" }, spec: flags("ü") };
    const event = JSON.stringify({ type: "MODIFIED", object });
    for (let at = 0; at < event.length; at += 20) {
      server.say(event.slice(at, at + 20));
      await Bun.sleep(1);
    }
    server.say("\n\n");
    await source.delivers(document("ü"));
  });
});

describe("the API server", () => {
  test("may fail and come back", async () => {
    using server = new KubernetesServer();
    server.behaviour = () => new Response(null, { status: 503 });
    await using source = start(server);
    await source.fails("the server responded with 503");
    server.behaviour = () => undefined;
    server.set(flags("a"));
    await source.delivers(document("a"));
  });

  test("may lack the resource definition", async () => {
    using server = new KubernetesServer("/elsewhere");
    await using source = start(server);
    await source.fails("has no resource featureflags.core.openfeature.dev/v1beta1");
  });

  test("may be something else", async () => {
    using server = new KubernetesServer();
    server.behaviour = () => new Response("<html>");
    await using source = start(server);
    await source.fails("its response is not a list");
  });

  test.each([401, 403])("that answers %d at start ends it", async (status) => {
    using server = new KubernetesServer();
    server.behaviour = () => new Response(null, { status });
    await using source = start(server);
    const error = await source.ended;
    expect(error).toSatisfy(isPermanent);
    expect(String(error)).toContain("list and watch featureflags in the namespace shop");
  });

  test("is asked again by a resync", async () => {
    using server = new KubernetesServer();
    server.set(flags("a"));
    await using source = start(server);
    await watching(server);
    const { unchangedCalls } = source;
    source.source.resync();
    await source.finds(unchangedCalls);
    expect(server.lists).toHaveLength(2);
    expect(source.failures).toEqual([]);
  });

  test("is left without a connection at the end", async () => {
    using server = new KubernetesServer();
    server.set(flags("a"));
    const source = start(server);
    await watching(server);
    expect(await source.stop()).toBeUndefined();
    await until("the end of the watch", () => server.openWatches === 0);
    expect(source.failures).toEqual([]);
  });
});

describe("the cluster", () => {
  const served = () => ({
    cert: Bun.file(certificates.server.cert),
    key: Bun.file(certificates.server.key),
  });

  test("is the one that flagd runs in, entered by its service account", async () => {
    using server = new KubernetesServer(undefined, served());
    server.set(flags("a"));
    writeFileSync(join(folder, "token"), "first\n");
    writeFileSync(join(folder, "ca.crt"), readFileSync(certificates.ca.cert));
    await using source = run({
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: String(server.port),
    });
    await source.delivers(document("a"));
    expect(server.lists[0]?.headers.get("authorization")).toBe("Bearer first");
    writeFileSync(join(folder, "token"), "second\n");
    await watching(server);
    const { unchangedCalls } = source;
    source.source.resync();
    await source.finds(unchangedCalls);
    expect(server.lists[1]?.headers.get("authorization")).toBe("Bearer second");
  });

  test("is that of KUBECONFIG, entered by client certificate", async () => {
    using server = new KubernetesServer(undefined, {
      ...served(),
      ca: Bun.file(certificates.ca.cert),
      requestCert: true,
      rejectUnauthorized: true,
    });
    server.set(flags("a"));
    const base64 = (path: string) => readFileSync(path).toString("base64");
    const KUBECONFIG = kubeconfig(
      server.url,
      {
        "client-certificate-data": base64(certificates.client.cert),
        "client-key": certificates.client.key,
      },
      { "certificate-authority-data": base64(certificates.ca.cert) },
    );
    await using source = run({ KUBECONFIG });
    await source.delivers(document("a"));
  });

  test.each([
    ["a token", { token: "t" }, "Bearer t"],
    ["a password", { username: "amy", password: "pw" }, `Basic ${btoa("amy:pw")}`],
  ])("may be entered by %s", async (_what, user, authorization) => {
    using server = new KubernetesServer();
    server.set(flags("a"));
    await using source = run({ KUBECONFIG: kubeconfig(server.url, user) });
    await source.delivers(document("a"));
    expect(server.lists[0]?.headers.get("authorization")).toBe(authorization);
  });

  test("that is nowhere ends the start", async () => {
    await using source = run({});
    const error = await source.ended;
    expect(error).toSatisfy(isPermanent);
    expect(String(error)).toContain("unable to load in-cluster configuration");
  });

  test.each<[string, () => string, string]>([
    ["is missing", () => join(folder, "none.yaml"), "cannot read"],
    ["has no server", () => kubeconfig("nowhere"), "is not an http or https URL"],
    [
      "names no context",
      () => withText("contexts: []\ncurrent-context: x"),
      'no context named "x"',
    ],
    ["is no YAML", () => withText("a: [b\ntoken: s3cret"), "cannot be used"],
  ])("file that %s ends the start, its content unsaid", async (_what, path, reason) => {
    await using source = run({ KUBECONFIG: path() });
    const error = await source.ended;
    expect(error).toSatisfy(isPermanent);
    expect(String(error)).toContain(reason);
    expect(String(error)).not.toContain("s3cret");
  });
});

function withText(text: string): string {
  const path = join(folder, `${crypto.randomUUID()}.yaml`);
  writeFileSync(path, text);
  return path;
}
