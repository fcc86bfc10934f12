import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { readTextFile } from "../settings.ts";
import { SourceError } from "../source.ts";
import type { WebClient, WholeAnswer } from "../web/web-client.ts";
import { tokenRefusal } from "../web/web-errors.ts";
import type { OAuthSettings } from "./http-kind.ts";

/**
 * Access tokens by the client credentials grant (RFC 6749 §4.4), the credentials in the body. A token is
 * used until it expires, but no longer than the configured delay if there is one.
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

/** An access token. */
interface Token {
  readonly value: string;
  /** Milliseconds from its issue; undefined: the issuer does not say. */
  readonly lifetimeMs: number | undefined;
}

/** Kept back from a lifetime: the time that a request takes, and clocks that differ. */
const reserveMs = 30_000;

/** Keeps an access token until it expires. */
export class TokenCache {
  #token: string | undefined;
  #expires = 0;

  constructor(
    private readonly clock: Clock,
    private readonly fetchToken: (signal: AbortSignal) => Promise<Token>,
    private readonly maxMs = Number.POSITIVE_INFINITY,
  ) {}

  /** Whether the next `get` needs no request. */
  get fresh(): boolean {
    return this.#token !== undefined && this.clock.now() < this.#expires;
  }

  /** @throws what fetching a token throws */
  async get(signal: AbortSignal): Promise<string> {
    if (this.#token !== undefined && this.fresh) return this.#token;
    const asked = this.clock.now();
    const { value, lifetimeMs = Number.POSITIVE_INFINITY } = await this.fetchToken(signal);
    // A short lifetime leaves half of it.
    const usable = Math.max(lifetimeMs - reserveMs, lifetimeMs / 2);
    this.#expires = asked + Math.min(usable, this.maxMs);
    this.#token = value;
    return value;
  }

  /** The server did not take the token. */
  forget(): void {
    this.#token = undefined;
  }
}

/**
 * Asks an OAuth 2.0 token endpoint (RFC 6749 §4.4.2, §5).
 * @throws SourceError; a permanent one if the endpoint refuses the credentials
 */
async function requestToken(
  client: WebClient,
  url: URL,
  form: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Token> {
  const answer = await client.request(
    {
      url,
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        accept: "application/json",
      },
      body: new URLSearchParams(form).toString(),
    },
    signal,
  );
  if (answer.status !== 200) throw tokenRefusal(url, answer);
  const token = readToken(answer);
  if (!token) {
    throw new SourceError(`the token server ${url.host} responded without an access_token`);
  }
  return token;
}

function readToken({ body }: WholeAnswer): Token | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null || !("access_token" in answer)) {
    return undefined;
  }
  const { access_token: value } = answer;
  if (typeof value !== "string" || value === "") return undefined;
  // Some send the number as a text.
  const seconds = "expires_in" in answer ? Number(answer.expires_in) : Number.NaN;
  return { value, lifetimeMs: seconds > 0 ? seconds * 1000 : undefined };
}
