import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SourceFault } from "../fault.ts";
import type { TlsMaterial } from "../tls.ts";
import { readKubeconfig } from "./kubeconfig.ts";

/** An API server and how it is entered. */
export interface Cluster {
  /** Without a slash at the end. */
  readonly server: string;
  readonly tls: TlsMaterial;
  /** Value of the Authorization header. */
  readonly authorization?: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a pod finds its service account. */
export const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The cluster of the file that KUBECONFIG names, else the one that flagd runs in. Read anew at each use:
 * tokens are rotated in place.
 * @throws SourceFault where there is none
 */
export async function loadCluster(env: Environment, serviceAccount: string): Promise<Cluster> {
  if (env.KUBECONFIG) return readKubeconfig(env.KUBECONFIG);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = env;
  if (!host) {
    throw new SourceFault(
      "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST is not set; outside of a cluster set KUBECONFIG",
      { hopeless: true },
    );
  }
  const [token, ca] = await Promise.all([
    readText(join(serviceAccount, "token")),
    readText(join(serviceAccount, "ca.crt")),
  ]);
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    tls: { ca },
    authorization: `Bearer ${token.trim()}`,
  };
}

/** @throws SourceFault naming the file */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SourceFault(`cannot read ${path}: ${reason}`, { hopeless: true });
  }
}
