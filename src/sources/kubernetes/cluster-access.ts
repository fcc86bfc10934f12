import { readFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { delimiter, join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { messageOf } from "../../core/errors.ts";
import type { Environment } from "../../core/process-info.ts";
import type { ClientTls } from "../../core/tls/tls-material.ts";
import { SourceError } from "../source.ts";
import { explainLibraryError, LibraryAnswers } from "../web/library-requests.ts";
import { UserCredentials } from "./user-credentials.ts";

/** An API server and how it is entered. */
export interface Cluster {
  /** Without a slash at the end. */
  readonly server: string;
  readonly tls: ClientTls;
  /** With which it is entered. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Where a pod finds its service account. */
export const podServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

/** What the files said when they were read last. */
interface Loaded {
  readonly text: string;
  readonly config: KubeConfig;
  readonly users: UserCredentials;
}

/** The cluster of the files that KUBECONFIG names, else the one that flagd runs in. */
export class ClusterAccess {
  readonly #env: Environment;
  readonly #serviceAccount: string;
  readonly #answers = new LibraryAnswers<RequestOptions>();
  #loaded: Loaded | undefined;

  constructor(env: Environment, serviceAccount: string) {
    this.#env = env;
    this.#serviceAccount = serviceAccount;
  }

  /**
   * The cluster, with credentials that are valid now: files are read again when they change, commands run again
   * when what they printed expires.
   * @throws SourceError naming the file and what is wrong with it
   */
  async get(signal: AbortSignal): Promise<Cluster> {
    const config = this.#env.KUBECONFIG
      ? this.#fromFiles(this.#env.KUBECONFIG.split(delimiter).filter((path) => path !== ""))
      : this.#inCluster();
    const cluster = config.getCurrentCluster();
    const origin = this.#env.KUBECONFIG ? `${this.#env.KUBECONFIG} (KUBECONFIG)` : "the pod";
    if (!cluster) {
      return fail(
        `${origin}: there is no context named "${config.getCurrentContext()}" with a cluster`,
      );
    }
    if (!/^https?:/.test(cluster.server ?? "") || !URL.canParse(cluster.server)) {
      return fail(`${origin}: the server of the cluster is not an http or https URL`);
    }
    if (this.#loaded) this.#loaded.users.signal = signal;
    try {
      const options = await this.#answers.get(() => optionsOf(config), signal);
      return { server: cluster.server.replace(/\/$/, ""), ...credentialsOf(options) };
    } catch (error) {
      throw explainLibraryError(error, `${origin}: no Kubernetes credentials`);
    }
  }

  /** They were refused: begin anew. */
  forget(): void {
    this.#loaded = undefined;
  }

  #fromFiles(paths: readonly string[]): KubeConfig {
    const shown = `${paths.join(delimiter)} (KUBECONFIG)`;
    let text: string;
    try {
      text = paths.map((path) => readFileSync(path, "utf8")).join("\n");
    } catch (error) {
      return fail(`cannot read ${shown}: ${messageOf(error)}`);
    }
    if (this.#loaded?.text === text) return this.#loaded.config;
    try {
      const users = new UserCredentials();
      const config = mergedConfig(paths, users);
      this.#loaded = { text, config, users };
      return config;
    } catch (error) {
      // The parser quotes lines, which may be tokens.
      return fail(`${shown} cannot be used: ${messageOf(error).split("\n")[0]?.slice(0, 100)}`);
    }
  }

  #inCluster(): KubeConfig {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = this.#env;
    if (!host) {
      return fail(
        "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST is not set; outside a cluster, set KUBECONFIG",
      );
    }
    const file = (name: string) => {
      const path = join(this.#serviceAccount, name);
      try {
        return readFileSync(path);
      } catch (error) {
        return fail(`cannot read ${path}: ${messageOf(error)}`);
      }
    };
    const config = new KubeConfig();
    const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
    const caData = file("ca.crt").toString("base64");
    // Read for every request: the token is rotated in place.
    const token = file("token").toString().trim();
    config.loadFromClusterAndUser(
      { name: "cluster", server, caData, skipTLSVerify: false },
      { name: "user", token },
    );
    return config;
  }
}

function mergedConfig(paths: readonly string[], users: UserCredentials): KubeConfig {
  const [first, ...others] = paths.map((path) => {
    const config = new KubeConfig();
    config.loadFromFile(path);
    users.takeOver(config, path);
    return config;
  });
  if (first === undefined) return fail("KUBECONFIG names no file");
  for (const other of others) first.mergeConfig(other, first.getCurrentContext() !== undefined);
  for (const cluster of first.clusters) {
    // The library refuses plain HTTP otherwise, and there is no TLS to verify.
    if (/^http:/.test(cluster.server)) Object.assign(cluster, { skipTLSVerify: true });
  }
  users.serve(first);
  return first;
}

async function optionsOf(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return options;
}

function credentialsOf(options: RequestOptions): Pick<Cluster, "tls" | "headers"> {
  const { ca, cert, key, servername, rejectUnauthorized, headers, auth } = options;
  const basic = auth && { Authorization: `Basic ${Buffer.from(auth).toString("base64")}` };
  return {
    tls: {
      ...(ca && { ca: String(ca) }),
      ...(cert && key && { client: { cert: String(cert), key: String(key) } }),
      ...(rejectUnauthorized === false && { insecure: true }),
      ...(servername && { serverName: servername }),
    },
    // Strings: a token, and whom to impersonate.
    headers: { ...basic, ...(headers as Readonly<Record<string, string>> | undefined) },
  };
}

function fail(problem: string): never {
  throw new SourceError(problem, { retryable: false });
}
