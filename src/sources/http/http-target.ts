import { ConfigError } from "../../core/config-error.ts";
import { quoteUri } from "../../core/quote.ts";
import type { HttpSourceConfig } from "./http-kind.ts";

/** What an HTTP source asks for. */
export interface HttpTarget {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What to ask for and with which headers: user and password of the URI as Basic authentication
 * (RFC 7617), `authHeader` over it, `headers` over all.
 * @throws ConfigError for what cannot be requested
 */
export function httpTarget(config: HttpSourceConfig): HttpTarget {
  const { uri, authHeader, oauth } = config;
  const shown = `http source ${quoteUri(uri)}`;
  // Neither `http:/host` nor `http:\\host`, of which a URL can be made as well.
  const url = /^https?:\/\/[^/\\]/i.test(uri) && URL.canParse(uri) ? new URL(uri) : undefined;
  if (url === undefined) {
    throw new ConfigError(`${shown}: expected http://host/path or https://host/path`);
  }
  const headers = new Headers({ accept: "application/json, application/yaml" });
  if (url.username || url.password) {
    const user = `${decoded(url.username)}:${decoded(url.password)}`;
    headers.set("authorization", `Basic ${Buffer.from(user).toString("base64")}`);
    url.username = "";
    url.password = "";
  }
  if (authHeader) setHeader(headers, "authorization", authHeader, `${shown}: authHeader`);
  for (const [name, value] of Object.entries(config.headers)) {
    setHeader(headers, name, value, `${shown}: headers`);
  }
  if (oauth && !/^https?:/.test(URL.canParse(oauth.tokenUrl ?? "") ? (oauth.tokenUrl ?? "") : "")) {
    throw new ConfigError(`${shown}: oauth.tokenUrl is not an http or https URL`);
  }
  return { url, headers: Object.fromEntries(headers) };
}

/** Percent-encoding undone; a stray percent sign stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function setHeader(headers: Headers, name: string, value: string, where: string): void {
  try {
    headers.set(name, value);
  } catch {
    // The value is not repeated: it may be secret.
    const shown = JSON.stringify(name.slice(0, 80));
    throw new ConfigError(
      `${where}: ${shown} is not a valid header name, or its value contains a line break`,
    );
  }
}
