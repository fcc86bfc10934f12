import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { readTextFile } from "../text-file.ts";
import { type Token, TokenCache } from "../web/token-cache.ts";
import { requestToken } from "../web/token-request.ts";
import type { WebClient } from "../web/web-client.ts";
import type { OAuthSettings } from "./http-kind.ts";

/**
 * Access tokens by the client credentials grant (RFC 6749 §4.4), the credentials in the body. A token is
 * used until it expires, but no longer than the configured delay where there is one.
 * @throws SourceError when asked for a token that cannot be had
 */
export function clientCredentials(
  oauth: OAuthSettings,
  client: WebClient,
  clock: Clock,
): TokenCache {
  const maxMs = oauth.reloadDelayS && oauth.reloadDelayS * 1000;
  const fetchToken = async (signal: AbortSignal): Promise<Token> => {
    const { clientID, clientSecret } = await credentialsOf(oauth);
    return await requestToken(
      client,
      new URL(oauth.tokenUrl ?? ""),
      { client_id: clientID, client_secret: clientSecret, grant_type: "client_credentials" },
      signal,
    );
  };
  return new TokenCache(clock, fetchToken, maxMs);
}

/** Read from the folder at every use, since mounted secrets are rotated in place. */
async function credentialsOf({ folder, clientID = "", clientSecret = "" }: OAuthSettings) {
  if (!folder) return { clientID, clientSecret };
  const [id, secret] = await Promise.all([
    readSecret(join(folder, "client-id")),
    readSecret(join(folder, "client-secret")),
  ]);
  return { clientID: id, clientSecret: secret };
}

async function readSecret(path: string): Promise<string> {
  const explain = (reason: string) => `cannot read ${path} (oauth.folder): ${reason}`;
  // Editors end files with a line break, which is no part of the secret.
  return (await readTextFile(path, explain)).trim();
}
