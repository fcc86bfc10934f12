import { join } from "node:path";
import type { OAuth } from "../../config/sources/source-config.ts";
import type { Clock } from "../../core/clock.ts";
import { readTextFile } from "../text-file.ts";
import type { WebClient } from "../web/web-client.ts";
import { type Token, TokenCache } from "../web/token-cache.ts";
import { requestToken } from "../web/token-request.ts";

/**
 * Access tokens by the client credentials grant (RFC 6749 §4.4), the credentials in the body. A token is
 * used until it expires, but no longer than the configured delay where there is one.
 * @throws SourceFault when asked for a token that cannot be had
 */
export function clientCredentials(oauth: OAuth, client: WebClient, clock: Clock): TokenCache {
  const longestMs = oauth.reloadDelaySeconds > 0 ? oauth.reloadDelaySeconds * 1000 : undefined;
  const fetchToken = async (signal: AbortSignal): Promise<Token> => {
    const { clientId, clientSecret } = await credentialsOf(oauth);
    return await requestToken(
      client,
      new URL(oauth.tokenUrl),
      { client_id: clientId, client_secret: clientSecret, grant_type: "client_credentials" },
      signal,
    );
  };
  return new TokenCache(clock, fetchToken, longestMs);
}

/** Read from the folder at every use, since mounted secrets are rotated in place. */
async function credentialsOf({ folder, clientId, clientSecret }: OAuth) {
  if (!folder) return { clientId, clientSecret };
  const [id, secret] = await Promise.all([
    readSecret(join(folder, "client-id")),
    readSecret(join(folder, "client-secret")),
  ]);
  return { clientId: id, clientSecret: secret };
}

async function readSecret(path: string): Promise<string> {
  const explain = (reason: string) => `cannot read ${path} (oauth.folder): ${reason}`;
  // Editors end files with a line break, which is no part of the secret.
  return (await readTextFile(path, explain)).replace(/\r?\n$/, "");
}
