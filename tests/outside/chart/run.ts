/**
 * The Helm chart with the real `helm`, for every file of `values/`: lint, render, validate each manifest
 * against the schemas of a current Kubernetes, and hold the options that it sets against those that the
 * executable has. Run it with `npx bun tests/outside/chart/run.ts` after `npm run build`; it needs Go and Python.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { runFlagd } from "../../support/flagd.ts";
import { python } from "../../support/python.ts";
import { expectEqual, output, Suite } from "../suite.ts";
import { chart, helmVersion, installHelm, render, valueSets, valuesOf } from "./helm.ts";

const versions = { kubernetesValidate: "1.37.0", kubernetes: ["1.30", "1.37"] } as const;

const suite = new Suite(`Helm chart, helm ${helmVersion}`);
const helm = await installHelm();
const validator = await python([`kubernetes-validate==${versions.kubernetesValidate}`]);
const known = { start: await optionsOf("start"), "redis-sync": await optionsOf("redis-sync") };
const folder = mkdtempSync(join(tmpdir(), "flagd-chart-"));
try {
  for (const file of valueSets) {
    await suite.check(`${file}: lint`, async () => {
      await output([helm, "lint", "--strict", chart, ...valuesOf(file)]);
    });
    for (const version of versions.kubernetes) {
      await suite.check(`${file}: valid for Kubernetes ${version}`, async () => {
        const manifests = await render(helm, file, `${version}.0`);
        const path = join(folder, `${version}-${file}`);
        // The schema of a ServiceMonitor belongs to Prometheus' operator.
        const checked = manifests.filter(({ kind }) => kind !== "ServiceMonitor");
        writeFileSync(path, checked.map((manifest) => JSON.stringify(manifest)).join("\n---\n"));
        const validate = ["-m", "kubernetes_validate", "--strict", "-k", version, path];
        await output([validator, ...validate]);
      });
    }
    await suite.check(`${file}: every option that it sets exists`, async () => {
      const manifests = await render(helm, file, `${versions.kubernetes[0]}.0`);
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

/** The long names of a command's options, as its help lists them. */
async function optionsOf(command: string): Promise<ReadonlySet<string>> {
  const { stdout } = await runFlagd(["help", command]);
  return new Set([...stdout.matchAll(/--([a-z][a-z-]+)/g)].map(([, name = ""]) => name));
}
