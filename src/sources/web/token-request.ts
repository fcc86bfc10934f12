import { SourceError } from "../source-error.ts";
import { errorCode } from "./refusal.ts";
import type { Token } from "./token-cache.ts";
import type { WebClient, WebRequest, WholeAnswer } from "./web-client.ts";

/**
 * Asks an OAuth 2.0 token endpoint (RFC 6749 §4.4.2, §5).
 * @throws SourceError; a permanent one if the endpoint refuses the credentials
 */
export async function requestToken(
  client: WebClient,
  url: URL,
  form: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Token> {
  return fetchToken(
    client,
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
}

/** A request that is answered like one of RFC 6749 §5, as those of metadata servers are. */
export async function fetchToken(
  client: WebClient,
  request: WebRequest,
  signal: AbortSignal,
): Promise<Token> {
  const { host } = request.url;
  const answer = await client.request(request, signal);
  if (answer.status !== 200) {
    const code = errorCode(answer);
    throw new SourceError(
      `the token server ${host} responded with ${answer.status} ${answer.statusText}`.trim() +
        (code ? ` (${code})` : ""),
      { retryable: ![400, 401, 403].includes(answer.status) },
    );
  }
  const token = readToken(answer);
  if (!token) throw new SourceError(`the token server ${host} responded without an access_token`);
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
