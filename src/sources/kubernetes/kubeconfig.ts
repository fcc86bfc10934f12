import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import type { ClientTls } from "../../core/tls/client-tls.ts";
import { SourceError } from "../source-error.ts";
import { readTextFile } from "../text-file.ts";
import type { Cluster } from "./cluster.ts";
import { member } from "./flag-resource.ts";

/**
 * The cluster and user of the current context of a kubeconfig file. Users enter by token, client certificate
 * or password; commands and cloud plugins that make credentials are not run.
 * @throws SourceError naming the file and what is wrong with it
 */
export async function readKubeconfig(path: string): Promise<Cluster> {
  const config = await readYaml(path);
  const fail = (problem: string): never => {
    throw new SourceError(`${path} (KUBECONFIG): ${problem}`, { retryable: false });
  };
  const named = (list: string, kind: string, name: unknown): unknown => {
    const entries = member(config, list);
    const found =
      Array.isArray(entries) && entries.find((entry: unknown) => member(entry, "name") === name);
    return found ? member(found, kind) : fail(`there is no ${kind} named ${JSON.stringify(name)}`);
  };
  /** The content of `name`-data, in base64, or of the file `name`. */
  const content = async (of: unknown, name: string): Promise<string | undefined> => {
    const data = text(of, `${name}-data`);
    if (data) return Buffer.from(data, "base64").toString();
    const file = text(of, name);
    return file ? await readTextFile(resolve(dirname(path), file)) : undefined;
  };

  const context = named("contexts", "context", member(config, "current-context"));
  const cluster = named("clusters", "cluster", member(context, "cluster"));
  const userName = member(context, "user");
  const user = userName ? named("users", "user", userName) : undefined;
  for (const way of ["exec", "auth-provider"]) {
    if (member(user, way)) {
      fail(`users of type ${way} are not supported: use a token or a client certificate`);
    }
  }
  const server = text(cluster, "server");
  if (!server || !URL.canParse(server) || !/^https?:/.test(server)) {
    return fail("the server of the cluster is not an http or https URL");
  }
  const ca = await content(cluster, "certificate-authority");
  const cert = await content(user, "client-certificate");
  const key = await content(user, "client-key");
  const serverName = text(cluster, "tls-server-name");
  const tls: ClientTls = {
    ...(ca && { ca }),
    ...(cert && key && { client: { cert, key } }),
    ...(member(cluster, "insecure-skip-tls-verify") === true && { insecure: true }),
    ...(serverName && { serverName }),
  };
  return {
    server: server.replace(/\/$/, ""),
    tls,
    authorization: await authorizationOf(user, path),
  };
}

async function authorizationOf(user: unknown, path: string): Promise<string | undefined> {
  const file = text(user, "tokenFile");
  const token = file ? await readTextFile(resolve(dirname(path), file)) : text(user, "token");
  if (token) return `Bearer ${token.trim()}`;
  const name = text(user, "username");
  if (!name) return undefined;
  return `Basic ${Buffer.from(`${name}:${text(user, "password") ?? ""}`).toString("base64")}`;
}

async function readYaml(path: string): Promise<unknown> {
  const content = await readTextFile(path);
  try {
    return parse(content);
  } catch {
    // The parser quotes the line, which may be a token.
    throw new SourceError(`${path} (KUBECONFIG) is not YAML`, { retryable: false });
  }
}

function text(value: unknown, name: string): string | undefined {
  const found = member(value, name);
  return typeof found === "string" ? found : undefined;
}
