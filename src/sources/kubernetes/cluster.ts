import { join } from "node:path";
import type { Environment } from "../../core/environment.ts";
import type { ClientTls } from "../../core/tls/client-tls.ts";
import { SourceError } from "../source-error.ts";
import { readTextFile } from "../text-file.ts";
import { readKubeconfig } from "./kubeconfig.ts";

/** An API server and how it is entered. */
export interface Cluster {
  /** Without a slash at the end. */
  readonly server: string;
  readonly tls: ClientTls;
  /** Value of the Authorization header. */
  readonly authorization?: string | undefined;
}

/** Where a pod finds its service account. */
export const podServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The cluster of the file that KUBECONFIG names, else the one that flagd runs in. Read anew at each use:
 * tokens are rotated in place.
 * @throws SourceError where there is none
 */
export async function loadCluster(env: Environment, serviceAccount: string): Promise<Cluster> {
  if (env.KUBECONFIG) return readKubeconfig(env.KUBECONFIG);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = env;
  if (!host) {
    throw new SourceError(
      "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST is not set; outside a cluster, set KUBECONFIG",
      { retryable: false },
    );
  }
  const [token, ca] = await Promise.all([
    readTextFile(join(serviceAccount, "token")),
    readTextFile(join(serviceAccount, "ca.crt")),
  ]);
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    tls: { ca },
    authorization: `Bearer ${token.trim()}`,
  };
}
