import { systemAuthorities } from "../../transport/authorities.ts";
import { messageOf } from "../fault.ts";
import { readTlsFiles } from "../tls.ts";
import { RedisFault } from "./fault.ts";
import type { RedisTlsFiles } from "./options.ts";

/** Contents of PEM files, as Bun's client takes them. */
export interface RedisTls {
  readonly ca: string | string[];
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

/**
 * Reads the files anew for each connection, so that renewed certificates are taken up.
 * @throws RedisFault that names the option and the file
 */
export async function loadTls({ certPath, client, serverName }: RedisTlsFiles): Promise<RedisTls> {
  const files = {
    ...(certPath !== undefined && { certPath }),
    ...(client && { clientCertPath: client.certPath, clientKeyPath: client.keyPath }),
  };
  const material = await readTlsFiles(files).catch((error: unknown) => {
    throw new RedisFault(messageOf(error), "hopeless");
  });
  return {
    ca: material.ca ?? systemAuthorities(),
    ...material.client,
    ...(serverName !== undefined && { serverName }),
  };
}
