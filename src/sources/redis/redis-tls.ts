import { bunTls, readClientTls } from "../../core/tls/client-tls.ts";
import { type ClientTlsSettings, pemFiles } from "../settings.ts";
import { messageOf } from "../source-error.ts";
import { RedisError } from "./redis-error.ts";

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
