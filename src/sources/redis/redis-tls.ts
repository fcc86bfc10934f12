import type { ClientTls, RedisSourceConfig } from "../../config/sources/source-config.ts";
import { messageOf } from "../fault.ts";
import { bunTls, readTlsFiles } from "../tls.ts";
import { RedisError } from "./redis-error.ts";

/** Contents of PEM files, as Bun's client takes them. */
export type RedisTls = ReturnType<typeof bunTls>;

/** What a Redis source is told of TLS. */
export type RedisTlsFiles = ClientTls & Pick<RedisSourceConfig, "serverName">;

/**
 * Reads the files anew for each connection, so that renewed certificates are taken up.
 * @throws RedisError that names the option and the file
 */
export async function loadTls({ serverName, ...files }: RedisTlsFiles): Promise<RedisTls> {
  const material = await readTlsFiles(files).catch((error: unknown) => {
    throw new RedisError(messageOf(error), "permanent");
  });
  return bunTls({ ...material, ...(serverName && { serverName }) });
}
