import { messageOf } from "../source-error.ts";
import { readTextFile } from "../text-file.ts";
import type { Login } from "./redis-address.ts";
import { RedisError } from "./redis-error.ts";
import type { RedisSecrets } from "./redis-kind.ts";

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
