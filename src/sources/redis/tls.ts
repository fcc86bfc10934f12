import { bunTls, readClientTls } from "../../core/tls/client-tls.ts";
import { type ClientTlsSettings, pemFiles } from "../settings.ts";
import { messageOf } from "../source-error.ts";
import { RedisFault } from "./fault.ts";
import type { RedisSourceConfig } from "./redis-kind.ts";

/** Contents of PEM files, as Bun's client takes them. */
export type RedisTls = ReturnType<typeof bunTls>;

/** What a Redis source is told of TLS. */
export type RedisTlsFiles = ClientTlsSettings & Pick<RedisSourceConfig, "serverName">;

/**
 * Reads the files anew for each connection, so that renewed certificates are taken up.
 * @throws RedisFault that names the option and the file
 */
export async function loadTls({ serverName, ...files }: RedisTlsFiles): Promise<RedisTls> {
  try {
    return bunTls({ ...readClientTls(pemFiles(files)), ...(serverName && { serverName }) });
  } catch (error) {
    throw new RedisFault(messageOf(error), "hopeless");
  }
}
