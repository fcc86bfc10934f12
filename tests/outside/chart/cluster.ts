/**
 * The Helm chart in a real API server of Kubernetes, and `dist/flagd` that reads a FeatureFlag from it as a pod of
 * the chart would: `npx bun tests/outside/chart/cluster.ts [--crd FILE]` after `npm run build`.
 *
 * It needs Go (the first run builds kube-apiserver: 10 to 30 minutes on two processors, 5 GB of disk), Debian's
 * `etcd-server`, `bubblewrap` and `openssl`. The definition of a FeatureFlag is that of OpenFeature's operator,
 * fetched from its repository; where that cannot be reached, `--crd` names a copy.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parse as parseYaml } from "yaml";
import { binary, type Flagd, startFlagd } from "../../support/flagd.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { expectEqual, output, Suite } from "../suite.ts";
import { ApiServer, kubernetesVersion } from "./api-server.ts";
import { chart, installHelm, type Manifest, render, valueSets, valuesOf } from "./helm.ts";

const operator = "v0.9.2";
const prometheusOperator = "github.com/prometheus-operator/prometheus-operator@v0.85.0";
const definitionOfFlags =
  "https://raw.githubusercontent.com/open-feature/open-feature-operator/" +
  `${operator}/config/crd/bases/core.openfeature.dev_featureflags.yaml`;

const { values: given } = parseArgs({ options: { crd: { type: "string" } } });

const suite = new Suite(`Helm chart in Kubernetes ${kubernetesVersion}`);
const folder = mkdtempSync(join(tmpdir(), "flagd-cluster-"));
try {
  const helm = await installHelm();
  await using cluster = await ApiServer.start();
  await cluster.define(await featureFlagDefinition());
  await cluster.define(await serviceMonitorDefinition());
  for (const file of valueSets) {
    const namespace = `set-${file.replace(".yaml", "")}`;
    await suite.check(`${file}: applied without a warning`, () =>
      applySet(cluster, helm, file, namespace),
    );
    await suite.check(
      `${file}: its pods are admitted where the strictest standard is enforced`,
      () => admitPods(cluster, helm, file, namespace),
    );
  }
  await checkFlags(cluster, helm);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
suite.finish();

async function featureFlagDefinition(): Promise<Manifest> {
  if (given.crd) return parseYaml(readFileSync(given.crd, "utf8"));
  const answer = await fetch(definitionOfFlags);
  if (!answer.ok) throw new Error(`${definitionOfFlags}: HTTP ${answer.status}`);
  return parseYaml(await answer.text());
}

async function serviceMonitorDefinition(): Promise<Manifest> {
  const downloaded = await output(["go", "mod", "download", "-json", prometheusOperator]);
  const { Dir } = JSON.parse(downloaded) as { Dir: string };
  const file = "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml";
  return parseYaml(readFileSync(join(Dir, file), "utf8"));
}

/** Into a namespace where Kubernetes warns about pods that are not as restricted as they could be. */
async function applySet(cluster: ApiServer, helm: string, file: string, namespace: string) {
  const pods = "pod-security.kubernetes.io";
  const labels = { [`${pods}/enforce`]: "restricted", [`${pods}/warn`]: "restricted" };
  const metadata = { name: namespace, labels };
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata });
  const warnings: string[] = [];
  for (const manifest of await render(helm, file, kubernetesVersion, namespace)) {
    const warning = await cluster.apply(manifest, namespace);
    if (warning) warnings.push(`${manifest.kind} ${manifest.metadata.name}: ${warning}`);
  }
  expectEqual(warnings, []);
}

/** There is no controller that would make pods of the deployments. */
async function admitPods(cluster: ApiServer, helm: string, file: string, namespace: string) {
  const manifests = await render(helm, file, kubernetesVersion, namespace);
  const deployments = manifests.filter(({ kind }) => kind === "Deployment");
  for (const { metadata, spec } of deployments) {
    const { template } = spec as { template: { metadata: object; spec: object } };
    const { status, body, warnings } = await cluster.request(
      "POST",
      `/api/v1/namespaces/${namespace}/pods?fieldValidation=Strict`,
      {
        apiVersion: "v1",
        kind: "Pod",
        ...template,
        metadata: { ...template.metadata, name: metadata.name },
      },
    );
    if (status !== 201) throw new Error(`${metadata.name}: ${JSON.stringify(body)}`);
    expectEqual(warnings, null);
  }
  if (deployments.length === 0) throw new Error("there is no deployment");
}

/** What the values of `kubernetes-source.yaml` make of the chart, installed by helm. */
async function checkFlags(cluster: ApiServer, helm: string): Promise<void> {
  const env = { KUBECONFIG: cluster.kubeconfig("admin") };
  const release = ["flags", chart, ...valuesOf("kubernetes-source.yaml")];
  await suite.check("helm installs it, and upgrades it", async () => {
    await output([helm, "install", ...release], { env });
    await output([helm, "upgrade", ...release, "--set", "flagd.replicas=5"], { env });
    const path = "/apis/apps/v1/namespaces/default/deployments/flags-flagd";
    const { body } = await cluster.request("GET", path);
    expectEqual((body as { spec?: { replicas?: number } }).spec?.replicas, 5);
  });
  await suite.check(
    "a service account without the chart's role is told that it may not read",
    async () => {
      await cluster.apply({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "stranger" },
      });
      const token = await cluster.tokenOf("stranger");
      const source = ["--uri", "core.openfeature.dev/default/storefront"];
      const stranger = { KUBECONFIG: cluster.kubeconfig("stranger", token) };
      const refused = await startFlagd(source, { env: stranger }).then(
        async (daemon) => {
          await daemon.stop();
          return "it started";
        },
        (error: Error) => error.message,
      );
      if (!/403 Forbidden: allow flagd to list and watch featureflags/.test(refused))
        throw new Error(refused);
    },
  );
  await store(cluster, "calm");
  const pod = await startAsPod(cluster);
  try {
    await suite.check("the daemon of the chart's configuration reads a FeatureFlag", () =>
      answers(pod.url, "calm"),
    );
    await using outside = await startFlagd(["--uri", "core.openfeature.dev/default/storefront"], {
      env: { KUBECONFIG: cluster.kubeconfig("daemon", await cluster.tokenOf("flags-flagd")) },
    });
    const everywhere = async (value: string) => {
      await answers(pod.url, value);
      await answers(outside.http, value);
    };
    await suite.check("so does one outside, with the token of the chart's service account", () =>
      everywhere("calm"),
    );
    await suite.check("a change arrives", async () => {
      await store(cluster, "loud");
      await everywhere("loud");
    });
    await suite.check("flags stay in use while the API server is down", async () => {
      await cluster.stop();
      await until("the log saying so", () => saysItFailed(outside), 60);
      await everywhere("loud");
    });
    await suite.check("a change arrives after its restart", async () => {
      await cluster.start();
      await store(cluster, "calm");
      await everywhere("calm");
    });
    await suite.check("flags of a FeatureFlag that is deleted stay in use", async () => {
      const path = await cluster.pathOf(flagResource("calm"), "default");
      const { status } = await cluster.request("DELETE", `${path}/storefront`);
      expectEqual(status, 200);
      await until("the log saying so", () => /delete/i.test(outside.log()), 60);
      await everywhere("calm");
    });
    await suite.check("one that is made again is read", async () => {
      await store(cluster, "loud");
      await everywhere("loud");
    });
  } finally {
    await pod.stop();
  }
  await suite.check("helm removes it", async () => {
    await output([helm, "uninstall", "flags"], { env });
  });
}

function saysItFailed({ log }: Flagd): boolean {
  return /ECONNREFUSED|refused|closed/i.test(log());
}

function flagResource(variant: string) {
  const banner = {
    state: "ENABLED",
    variants: { calm: "calm", loud: "loud" },
    defaultVariant: variant,
    targeting: { if: [{ ends_with: [{ var: "email" }, "@example.com"] }, null, "calm"] },
  };
  return {
    apiVersion: "core.openfeature.dev/v1beta1",
    kind: "FeatureFlag",
    metadata: { name: "storefront" },
    spec: { flagSpec: { flags: { banner } } },
  };
}

async function store(cluster: ApiServer, variant: string): Promise<void> {
  const warning = await cluster.apply(flagResource(variant));
  expectEqual(warning, null);
}

async function answers(url: string, value: string): Promise<void> {
  await until(
    `the answer ${value}`,
    async () => {
      const response = await fetch(`${url}/ofrep/v1/evaluate/flags/banner`, {
        method: "POST",
        body: JSON.stringify({ context: { targetingKey: "a", email: "ann@example.com" } }),
      });
      return ((await response.json()) as { value?: unknown }).value === value;
    },
    120,
  );
}

/** With the ConfigMap as it is in the cluster, the files of a service account where a pod has them, and nothing of KUBECONFIG. */
async function startAsPod(cluster: ApiServer): Promise<{ url: string; stop(): Promise<void> }> {
  const path = "/api/v1/namespaces/default/configmaps/flags-flagd";
  const { body } = await cluster.request("GET", path);
  const config = join(folder, "flagd.yaml");
  writeFileSync(config, (body as { data: Record<string, string> }).data["flagd.yaml"] ?? "");
  const account = join(folder, "account");
  mkdirSync(account);
  writeFileSync(join(account, "token"), await cluster.tokenOf("flags-flagd"));
  writeFileSync(join(account, "ca.crt"), readFileSync(cluster.ca));
  const [http = 0, port = 0, sync = 0] = await freePorts(3);
  const place = "/run/secrets/kubernetes.io/serviceaccount";
  const child = Bun.spawn(
    [
      ...["bwrap", "--dev-bind", "/", "/", "--die-with-parent", "--tmpfs", "/run"],
      ...["--ro-bind", account, place, "--tmpfs", "/var/lib"],
      ...["--setenv", "KUBERNETES_SERVICE_HOST", "127.0.0.1"],
      ...["--setenv", "KUBERNETES_SERVICE_PORT", `${cluster.port}`, "--unsetenv", "KUBECONFIG"],
      ...[binary, "start", "--config", config, "--listen", "127.0.0.1"],
      ...["-m", `${http}`, "-r", `${http}`, "-p", `${port}`, "-g", `${sync}`],
    ],
    { stdio: ["ignore", "ignore", Bun.file(join(folder, "pod.log"))] },
  );
  const url = `http://127.0.0.1:${http}`;
  const stop = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  await until("a daemon", async () => (await fetch(`${url}/readyz`)).ok, 60).catch(
    async (error) => {
      await stop();
      throw new Error(`${error.message}:\n${readFileSync(join(folder, "pod.log"), "utf8")}`);
    },
  );
  return { url, stop };
}
