import { readFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { dirname, resolve } from "node:path";
import { type KubeConfig, loadYaml } from "@kubernetes/client-node";
import { readTextFile } from "../settings.ts";
import { type ExecPlugin, type ExecStatus, maxPluginMs, runPlugin } from "./exec-plugin.ts";
import { member } from "./flag-resource.ts";

/** Marks a user for us: the library leaves to others whose way in it does not know. */
const providerName = "known to flagd";

/** How a user gets in: by what a plugin prints, or a file holds, both anew when they change. */
type Way = { readonly plugin: ExecPlugin } | { readonly tokenFile: string };

/**
 * Users of kubeconfigs whose credentials the library does not serve well: of a plugin that hangs it waits for the end
 * for ever, and to plugins it passes no `KUBERNETES_EXEC_INFO`; `tokenFile` it does not read.
 */
export class UserCredentials {
  /** Ends the plugin that is running. */
  signal = new AbortController().signal;
  readonly #ways = new Map<string, Way>();
  readonly #printed = new Map<string, ExecStatus>();

  constructor(private readonly maxMs = maxPluginMs) {}

  /** Takes over the users of a file. @throws Error if it cannot be read */
  takeOver(config: KubeConfig, path: string): void {
    const files = tokenFiles(path);
    for (const user of config.users) {
      const tokenFile = files.get(user.name);
      const way = tokenFile ? { tokenFile } : user.exec && { plugin: user.exec };
      if (!way || this.#ways.has(user.name)) continue;
      this.#ways.set(user.name, way);
      Object.assign(user, {
        exec: undefined,
        token: undefined,
        authProvider: { name: providerName },
      });
    }
  }

  /** Lets the configuration ask for them. */
  serve(config: KubeConfig): void {
    config.addAuthenticator({
      isAuthProvider: ({ authProvider }) => authProvider?.name === providerName,
      applyAuthentication: ({ name }, options) => this.#apply(name, options),
    });
  }

  /** @throws SourceError that names the command or the file */
  async #apply(name: string, options: RequestOptions): Promise<void> {
    const way = this.#ways.get(name) ?? { plugin: {} };
    const { token, clientCertificateData, clientKeyData } =
      "plugin" in way
        ? await this.#status(name, way.plugin)
        : { token: (await readTextFile(way.tokenFile)).trim() };
    if (clientCertificateData) options.cert = clientCertificateData;
    if (clientKeyData) options.key = clientKeyData;
    if (token) options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
  }

  async #status(user: string, plugin: ExecPlugin): Promise<ExecStatus> {
    const known = this.#printed.get(user);
    const expires = known?.expirationTimestamp;
    if (known && (!expires || Date.parse(expires) > Date.now())) return known;
    const status = await runPlugin(plugin, this.maxMs, this.signal);
    this.#printed.set(user, status);
    return status;
  }
}

/** The `tokenFile` of each user that has one; relative to the kubeconfig. */
function tokenFiles(path: string): ReadonlyMap<string, string> {
  const users = member(loadYaml(readFileSync(path, "utf8")), "users");
  const found = new Map<string, string>();
  for (const entry of Array.isArray(users) ? users : []) {
    const file = member(member(entry, "user"), "tokenFile");
    if (typeof file === "string" && file !== "") {
      found.set(String(member(entry, "name")), resolve(dirname(path), file));
    }
  }
  return found;
}
