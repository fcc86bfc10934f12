import { lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, isIP, type Server } from "node:net";
import { ConfigError } from "../core/errors.ts";
import { showAddress } from "../core/tcp-address.ts";
import type { ListenAddress } from "./listener.ts";

/**
 * Binds a server. A unix socket that a process left behind when it died is replaced.
 * @returns The address with its real port.
 * @throws ConfigError if the address cannot be had.
 */
export async function bind(
  server: Server,
  address: ListenAddress,
  name: string,
): Promise<ListenAddress> {
  if ("socketPath" in address) await clearSocket(address.socketPath, name);
  else if (address.shared?.as === "first") await claim(address.port, name, address.host);
  const refused = (error: NodeJS.ErrnoException): never => {
    throw new ConfigError(
      `${name}: cannot listen on ${describeAddress(address)}: ${explainListenError(error, address)}`,
    );
  };
  let taken = address;
  await listening(server, address).catch((error: NodeJS.ErrnoException) => {
    if (!lacksIpv6(error, address)) return refused(error);
    taken = { ...address, host: "0.0.0.0" };
    return listening(server, taken).catch(refused);
  });
  const bound = server.address();
  if ("socketPath" in taken || typeof bound !== "object" || bound === null) return taken;
  return { ...taken, port: bound.port };
}

function listening(server: Server, address: ListenAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.once("listening", resolve);
  if ("socketPath" in address) server.listen({ path: address.socketPath });
  else {
    const { port, host, shared } = address;
    server.listen({ port, ...(host && { host }), ...(shared && { reusePort: true }) });
  }
  return promise.finally(() => {
    server.removeListener("error", reject);
    server.removeListener("listening", resolve);
  });
}

/**
 * Without a host Node listens on all addresses, or on those of IPv4 if there is no IPv6. BUN 1.4.5: it always tries
 * `::`, and its error has no code then.
 */
function lacksIpv6(error: NodeJS.ErrnoException, address: ListenAddress): boolean {
  return "port" in address && address.host === undefined && error.code === undefined;
}

/** @throws ConfigError if a process, even one that shares its ports, listens on the port */
export async function claim(port: number, name: string, host?: string): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  await bind(probe, { port, ...(host && { host }) }, name);
  await new Promise((resolve) => probe.close(resolve));
}

/** The address as messages name it: `port 8013`, `socket /run/flagd.sock`. */
export function describeAddress(address: ListenAddress): string {
  if ("socketPath" in address) return `socket ${address.socketPath}`;
  return address.host ? showAddress(address) : `port ${address.port}`;
}

function explainListenError(error: NodeJS.ErrnoException, address: ListenAddress): string {
  // BUN 1.4.5: a name that is not resolved has no code (Node: ENOTFOUND).
  if (error.code === undefined && "port" in address && address.host && !isIP(address.host)) {
    return "its host name is not known here; use an IP address of this machine";
  }
  switch (error.code) {
    case "EADDRINUSE":
      return "it is in use by another process; stop that process or choose another address";
    case "EACCES":
      return "permission denied; ports below 1024 and some folders require more privileges";
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return "this machine has no such address; use one of its own, or none to listen at all of them";
    case "ENOENT":
    case "ENOTDIR":
      return "the folder does not exist; create it or choose another path";
    case "EINVAL":
      return "the path may be too long: a socket path has at most 107 bytes";
    case "EROFS":
      return "the file system is read-only";
    default:
      return error.message;
  }
}

/** Removes a socket file that nobody listens on. */
async function clearSocket(path: string, name: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return;
  const refused = `${name}: cannot listen on socket ${path}`;
  if (!stats.isSocket()) {
    throw new ConfigError(`${refused}: a file that is not a socket exists there; remove it`);
  }
  if (await answers(path)) {
    throw new ConfigError(`${refused}: another process is listening on it`);
  }
  try {
    unlinkSync(path);
  } catch (error) {
    throw new ConfigError(`${refused}: the stale socket cannot be removed: ${String(error)}`);
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", (error: NodeJS.ErrnoException) =>
      // A full backlog (EAGAIN) or a missing right to connect is a living listener, too.
      resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"),
    );
  });
}
