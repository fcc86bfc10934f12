import { messageOf } from "../../core/errors.ts";
import { bunTls, readClientTls } from "../../core/tls/tls-material.ts";
import { type ClientTlsSettings, pemFiles, readTextFile } from "../settings.ts";
import { RedisError } from "./redis-errors.ts";
import type { RedisSecrets } from "./redis-kind.ts";

/** Where a server listens. */
export type Endpoint = { readonly host: string; readonly port: number } | { readonly path: string };

/** How one asks there. */
export interface Login {
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

/** Where a Redis server is and who asks. */
export interface RedisAddress extends Login {
  readonly endpoint: Endpoint;
}

/** `host:port`, or the path of the socket. */
export function serverName({ endpoint }: Pick<RedisAddress, "endpoint">): string {
  if ("path" in endpoint) return endpoint.path;
  return endpoint.host.includes(":")
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`;
}

/**
 * A server that `from` speaks of: without a host it has the same one. Undefined: `from` is a unix socket, which is no place
 * to look for others.
 */
export function namedBy(
  from: RedisAddress,
  { host, port }: { readonly host: string | undefined; readonly port: number },
): RedisAddress | undefined {
  const { endpoint } = from;
  if ("path" in endpoint) return undefined;
  return { ...from, endpoint: { host: host ?? endpoint.host, port } };
}

/**
 * Who asks: by the settings, and otherwise by the URI. Files are read anew for each connection, so that a
 * password that was changed is taken up.
 * @throws RedisError that names the setting and the file
 */
export async function loadCredentials(
  secrets: RedisSecrets,
  uri: Login,
): Promise<Pick<Login, "username" | "password">> {
  const username = await load("usernameFile", secrets.usernameFile, secrets.username);
  const password = await load("passwordFile", secrets.passwordFile, secrets.password);
  return { username: username ?? uri.username, password: password ?? uri.password };
}

async function load(
  setting: string,
  file: string | undefined,
  value: string | undefined,
): Promise<string | undefined> {
  if (file === undefined) return value;
  const text = await readTextFile(
    file,
    (reason) => `cannot read ${file} (${setting}): ${reason}`,
  ).catch((error: unknown) => {
    throw new RedisError(messageOf(error), "permanent");
  });
  const trimmed = text.trim();
  if (trimmed === "") throw new RedisError(`${file} (${setting}) is empty`, "permanent");
  return trimmed;
}

/** Contents of PEM files, as Bun's client takes them. */
export type RedisTls = ReturnType<typeof bunTls>;

/** What a Redis source is told of TLS. */
export interface RedisTlsFiles extends ClientTlsSettings {
  readonly serverName?: string;
}

/**
 * Reads the files anew for each connection, so that renewed certificates are taken up.
 * @throws RedisError that names the option and the file
 */
export async function loadTls({ serverName, ...files }: RedisTlsFiles): Promise<RedisTls> {
  try {
    return bunTls({ ...readClientTls(pemFiles(files)), ...(serverName && { serverName }) });
  } catch (error) {
    throw new RedisError(messageOf(error), "permanent");
  }
}
