/**
 * The Helm chart with the real `helm`, for every file of `values/`: lint, render, validate each manifest
 * against the schemas of a current Kubernetes, and hold the options that it sets against those that the
 * executable has. Run it with `npx bun tests/outside/chart/run.ts` after `npm run build`; it needs Go and Python.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Glob } from "bun";
import { parseAllDocuments, parse as parseYaml } from "yaml";
import { cachedFolder } from "../../support/cache.ts";
import { runFlagd } from "../../support/flagd.ts";
import { python } from "../../support/python.ts";
import { expectEqual, output, Suite } from "../suite.ts";

const versions = {
  helm: "v3.22.0",
  kubernetesValidate: "1.37.0",
  kubernetes: ["1.30", "1.37"],
} as const;
const chart = resolve(import.meta.dir, "../../../deploy/chart");
const valueSets = join(import.meta.dir, "values");

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

const suite = new Suite(`Helm chart, helm ${versions.helm}`);
const helm = await installHelm();
const validator = await python([`kubernetes-validate==${versions.kubernetesValidate}`]);
const known = { start: await optionsOf("start"), "redis-sync": await optionsOf("redis-sync") };
const folder = mkdtempSync(join(tmpdir(), "flagd-chart-"));
try {
  for (const file of [...new Glob("*.yaml").scanSync(valueSets)].sort()) {
    const values = ["--values", join(valueSets, file)];
    await suite.check(`${file}: lint`, async () => {
      await output([helm, "lint", "--strict", chart, ...values]);
    });
    for (const version of versions.kubernetes) {
      await suite.check(`${file}: valid for Kubernetes ${version}`, async () => {
        const manifests = await render(values, version);
        const path = join(folder, `${version}-${file}`);
        // The schema of a ServiceMonitor belongs to Prometheus' operator.
        const checked = manifests.filter(({ kind }) => kind !== "ServiceMonitor");
        writeFileSync(path, checked.map((manifest) => JSON.stringify(manifest)).join("\n---\n"));
        const validate = ["-m", "kubernetes_validate", "--strict", "-k", version, path];
        await output([validator, ...validate]);
      });
    }
    await suite.check(`${file}: every option that it sets exists`, async () => {
      const manifests = await render(values, versions.kubernetes[0]);
      const used = manifests.flatMap(({ data = {} }) =>
        Object.entries(data).filter(([name]) => name.endsWith(".yaml")),
      );
      if (used.length === 0) throw new Error("no configuration file was rendered");
      for (const [name, text] of used) {
        const command = name === "flagd.yaml" ? "start" : "redis-sync";
        const unknown = Object.keys(parseYaml(text)).filter((key) => !known[command].has(key));
        expectEqual(unknown, []);
      }
    });
  }
  await suite.check("a value that the schema does not have is refused", async () => {
    const refused = await output([helm, "lint", chart, "--set", "redis.url=redis://redis"]).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (!refused?.includes("url")) throw new Error(`helm said: ${refused}`);
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
suite.finish();

async function installHelm(): Promise<string> {
  const folder = await cachedFolder(`helm-${versions.helm}`, async (folder) => {
    await output(["go", "install", `helm.sh/helm/v3/cmd/helm@${versions.helm}`], {
      env: { GOBIN: folder },
    });
  });
  return join(folder, "helm");
}

async function render(values: readonly string[], version: string): Promise<readonly Manifest[]> {
  const text = await output([
    helm,
    "template",
    "flags",
    chart,
    "--kube-version",
    `${version}.0`,
    ...values,
  ]);
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** The long names of a command's options, as its help lists them. */
async function optionsOf(command: string): Promise<ReadonlySet<string>> {
  const { stdout } = await runFlagd(["help", command]);
  return new Set([...stdout.matchAll(/--([a-z][a-z-]+)/g)].map(([, name = ""]) => name));
}
