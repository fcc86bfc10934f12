/**
 * A real kube-apiserver beside Debian's etcd: built from its Go modules, with RBAC, without any controller.
 * What is stored outlives a restart of the API server.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { cachedFolder } from "../../support/cache.ts";
import { type Certificates, makeCertificates } from "../../support/certificates.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { output } from "../suite.ts";
import type { Manifest } from "./helm.ts";

export const kubernetesVersion = "v1.37.2";

const adminToken = "admin-of-this-test";
const patienceSeconds = 180;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** The `Warning` headers. */
  readonly warnings: string | null;
}

interface Resources {
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
  }[];
}

export class ApiServer implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "flagd-kubernetes-"));
  readonly #certificates: Certificates = makeCertificates();
  readonly #children = new Map<string, Subprocess>();
  readonly #resources = new Map<string, Resources>();

  private constructor(
    readonly port: number,
    private readonly binary: string,
    private readonly etcdPorts: readonly number[],
  ) {}

  /** Builds it the first time, which takes 10 to 30 minutes and 3 GB. */
  static async start(): Promise<ApiServer> {
    const binary = await buildApiServer();
    const [port = 0, ...etcdPorts] = await freePorts(3);
    const server = new ApiServer(port, binary, etcdPorts);
    try {
      await server.#startEtcd();
      await server.start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  get ca(): string {
    return this.#certificates.ca.cert;
  }

  async start(): Promise<void> {
    const { server, ca } = this.#certificates;
    const users = join(this.#folder, "users.csv");
    writeFileSync(users, `${adminToken},admin,admin,system:masters\n`);
    this.#spawn("apiserver", [
      this.binary,
      `--etcd-servers=http://127.0.0.1:${this.etcdPorts[0]}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${this.port}`,
      `--cert-dir=${this.#folder}`,
      `--tls-cert-file=${server.cert}`,
      `--tls-private-key-file=${server.key}`,
      "--authorization-mode=RBAC",
      `--token-auth-file=${users}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${ca.key}`,
      `--service-account-signing-key-file=${ca.key}`,
      "--service-cluster-ip-range=10.0.0.0/16",
    ]);
    await this.#eventually("the API server", async () => {
      const ready = await this.request("GET", "/readyz");
      const namespace = await this.request("GET", "/api/v1/namespaces/default");
      return ready.status === 200 && namespace.status === 200;
    });
  }

  async stop(): Promise<void> {
    await this.#end("apiserver");
  }

  async request(
    method: string,
    path: string,
    body?: unknown,
    contentType = "application/json",
  ): Promise<Answer> {
    const response = await fetch(`https://127.0.0.1:${this.port}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, "content-type": contentType },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      tls: { ca: readFileSync(this.ca, "utf8") },
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text.startsWith("{") ? JSON.parse(text) : text,
      warnings: response.headers.get("warning"),
    };
  }

  /** Where resources of that kind are. */
  async pathOf({ apiVersion, kind }: Pick<Manifest, "apiVersion" | "kind">, namespace: string) {
    const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { resources } = this.#resources.get(group) ?? (await this.#discover(group));
    const found = resources.find((it) => it.kind === kind && !it.name.includes("/"));
    if (!found) throw new Error(`${apiVersion} has no ${kind}`);
    return found.namespaced
      ? `${group}/namespaces/${namespace}/${found.name}`
      : `${group}/${found.name}`;
  }

  async #discover(group: string): Promise<Resources> {
    const { status, body } = await this.request("GET", group);
    if (status !== 200) throw new Error(`${group}: HTTP ${status}`);
    const resources = body as Resources;
    this.#resources.set(group, resources);
    return resources;
  }

  /**
   * Server-side, as `helm` version 4 and `kubectl apply --server-side` do it; unknown fields are refused.
   * @returns the warnings
   * @throws Error with the answer if it is refused
   */
  async apply(manifest: Manifest, namespace = "default"): Promise<string | null> {
    const path = `${await this.pathOf(manifest, namespace)}/${manifest.metadata.name}`;
    const query = "fieldManager=helm&fieldValidation=Strict&force=true";
    const type = "application/apply-patch+yaml";
    const { status, body, warnings } = await this.request(
      "PATCH",
      `${path}?${query}`,
      manifest,
      type,
    );
    if (status === 200 || status === 201) return warnings;
    throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${JSON.stringify(body)}`);
  }

  /** Applies the definition of a kind, and waits until there is one. */
  async define(definition: Manifest): Promise<void> {
    await this.apply(definition);
    const { group, names, versions } = definition.spec as {
      group: string;
      names: { kind: string };
      versions: { name: string }[];
    };
    const kind = { apiVersion: `${group}/${versions[0]?.name}`, kind: names.kind };
    await this.#eventually(names.kind, async () => {
      this.#resources.clear();
      const { status } = await this.request("GET", await this.pathOf(kind, "default"));
      return status === 200;
    });
  }

  /** A token such as a pod of that service account has, for an hour. */
  async tokenOf(serviceAccount: string, namespace = "default"): Promise<string> {
    const { status, body } = await this.request(
      "POST",
      `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`,
      { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
    );
    const token = (body as { status?: { token?: string } }).status?.token;
    if (!token) throw new Error(`no token: HTTP ${status} ${JSON.stringify(body)}`);
    return token;
  }

  /** @returns the path of a file for KUBECONFIG */
  kubeconfig(name: string, token = adminToken): string {
    const path = join(this.#folder, `${name}.kubeconfig`);
    const cluster = {
      server: `https://127.0.0.1:${this.port}`,
      "certificate-authority": this.ca,
    };
    const config = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      contexts: [{ name: "test", context: { cluster: "test", user: name } }],
      clusters: [{ name: "test", cluster }],
      users: [{ name, user: { token } }],
    };
    writeFileSync(path, JSON.stringify(config));
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of ["apiserver", "etcd"]) await this.#end(name);
    this.#certificates.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #startEtcd(): Promise<void> {
    const [clients, peers] = this.etcdPorts.map((port) => `http://127.0.0.1:${port}`);
    this.#spawn("etcd", [
      "etcd",
      `--data-dir=${join(this.#folder, "etcd")}`,
      `--listen-client-urls=${clients}`,
      `--advertise-client-urls=${clients}`,
      `--listen-peer-urls=${peers}`,
      "--unsafe-no-fsync",
    ]);
    await this.#eventually("etcd", async () => (await fetch(`${clients}/health`)).ok);
  }

  #spawn(name: string, command: string[]): void {
    const log = Bun.file(join(this.#folder, `${name}.log`));
    this.#children.set(name, Bun.spawn(command, { stdio: ["ignore", log, log] }));
  }

  /** @throws Error with the end of the logs */
  async #eventually(what: string, attempt: () => Promise<boolean>): Promise<void> {
    await until(what, attempt, patienceSeconds).catch((error: Error) => {
      const logs = [...this.#children.keys()].map((name) => {
        const text = readFileSync(join(this.#folder, `${name}.log`), "utf8");
        return `${name}:\n${text.slice(-2_000)}`;
      });
      throw new Error(`${error.message}: ${error.cause}\n${logs.join("\n")}`);
    });
  }

  async #end(name: string): Promise<void> {
    const child = this.#children.get(name);
    if (!child) return;
    this.#children.delete(name);
    child.kill("SIGTERM");
    // A watch that is open may hold it up for a minute.
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await child.exited;
    clearTimeout(timer);
  }
}

/** Its parts are modules of their own, which it names by folders that the module proxy does not have. */
async function buildApiServer(): Promise<string> {
  const name = `kube-apiserver-${kubernetesVersion}`;
  const folder = await cachedFolder(name, async (folder) => {
    const parts = kubernetesVersion.replace(/^v1/, "v0");
    const go = (...args: string[]) => output(["go", ...args], { cwd: folder });
    const downloaded = await go(
      "mod",
      "download",
      "-json",
      `k8s.io/kubernetes@${kubernetesVersion}`,
    );
    const module = join((JSON.parse(downloaded) as { Dir: string }).Dir, "go.mod");
    const its = readFileSync(module, "utf8");
    const replaced = [...its.matchAll(/^\t(k8s\.io\/\S+) => /gm)].map(
      ([, part]) => `replace ${part} => ${part} ${parts}`,
    );
    const lines = [
      "module apiserver",
      /^go .*$/m.exec(its)?.[0] ?? "",
      `require k8s.io/kubernetes ${kubernetesVersion}`,
      ...replaced,
    ];
    writeFileSync(join(folder, "go.mod"), `${lines.join("\n")}\n`);
    const version = `-X k8s.io/component-base/version.gitVersion=${kubernetesVersion}`;
    const flags = ["-mod=mod", "-trimpath", "-ldflags", `-s -w ${version}`];
    await go("build", ...flags, "-o", "kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver");
  });
  return join(folder, "kube-apiserver");
}
