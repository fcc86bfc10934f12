/** The real `helm`, on our chart. */
import { join, resolve } from "node:path";
import { Glob } from "bun";
import { parseAllDocuments } from "yaml";
import { cachedFolder } from "../../support/cache.ts";
import { output } from "../suite.ts";

export const helmVersion = "v3.22.0";
export const chart = resolve(import.meta.dir, "../../../deploy/chart");

const folder = join(import.meta.dir, "values");

/** Names of the files with values, in their order. */
export const valueSets: readonly string[] = [...new Glob("*.yaml").scanSync(folder)].sort();

/** A resource of Kubernetes. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
}

/** The options that give a command of helm the values of a file. */
export function valuesOf(file: string): readonly string[] {
  return ["--values", join(folder, file)];
}

/** @returns the executable */
export async function installHelm(): Promise<string> {
  const folder = await cachedFolder(`helm-${helmVersion}`, async (folder) => {
    await output(["go", "install", `helm.sh/helm/v3/cmd/helm@${helmVersion}`], {
      env: { GOBIN: folder },
    });
  });
  return join(folder, "helm");
}

/** @param kubernetes its version, such as `1.37.2` */
export async function render(
  helm: string,
  file: string,
  kubernetes: string,
  namespace = "default",
): Promise<readonly Manifest[]> {
  const options = ["--kube-version", kubernetes, "--namespace", namespace];
  const text = await output([helm, "template", "flags", chart, ...options, ...valuesOf(file)]);
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}
