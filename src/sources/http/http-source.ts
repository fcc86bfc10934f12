import { type Clock, maxTimerMs } from "../../core/clock.ts";
import { ConfigError } from "../../core/errors.ts";
import { quoteUri } from "../../core/message-text.ts";
import { readClientTls } from "../../core/tls/tls-material.ts";
import { PolledSource } from "../poller.ts";
import { pemFiles } from "../settings.ts";
import { type Payload, SourceError } from "../source.ts";
import { sourceName } from "../source-kind.ts";
import { WebClient } from "../web/web-client.ts";
import { WebDocument } from "../web/web-document.ts";
import { refusal } from "../web/web-errors.ts";
import type { HttpSourceConfig } from "./http-kind.ts";
import { clientCredentials, type TokenCache } from "./oauth.ts";

interface HttpSourceDependencies {
  readonly clock: Clock;
  /** Milliseconds of silence after which a server counts as gone. */
  readonly silenceMs?: number;
}

/** Flags from a JSON or YAML document under a URL. */
export class HttpSource extends PolledSource {
  readonly #target: HttpTarget;
  readonly #document: WebDocument;
  readonly #tokens: TokenCache | undefined;

  /** @throws ConfigError for a wrong option */
  constructor(config: HttpSourceConfig, { clock, silenceMs }: HttpSourceDependencies) {
    const target = httpTarget(config);
    const client = new WebClient({
      tls: () => readClientTls(pemFiles(config)),
      ...(config.timeoutS && { timeoutMs: Math.min(config.timeoutS * 1000, maxTimerMs) }),
      ...(silenceMs !== undefined && { silenceMs }),
    });
    super({ name: sourceName(config), provider: "http", client, clock, polling: config });
    this.#target = target;
    this.#document = new WebDocument(client, target.url.pathname);
    this.#tokens = config.oauth && clientCredentials(config.oauth, client, clock);
  }

  protected override async poll(signal: AbortSignal): Promise<Payload | undefined> {
    const tokens = this.#tokens;
    if (!tokens) return await this.#fetch(this.#target.headers, signal);
    const reused = tokens.fresh;
    try {
      return await this.#fetchWithToken(tokens, signal);
    } catch (error) {
      if (!(error instanceof SourceError) || error.retryable) throw error;
      tokens.forget();
      // A token may be revoked before it expires: that is no wrong credential yet.
      if (!reused) throw error;
      return await this.#fetchWithToken(tokens, signal);
    }
  }

  async #fetchWithToken(tokens: TokenCache, signal: AbortSignal): Promise<Payload | undefined> {
    const authorization = `Bearer ${await tokens.get(signal)}`;
    return await this.#fetch({ ...this.#target.headers, authorization }, signal);
  }

  #fetch(headers: Readonly<Record<string, string>>, signal: AbortSignal) {
    const { url } = this.#target;
    return this.#document.fetch(
      (conditions) => ({ url, headers: { ...headers, ...conditions } }),
      signal,
      (answer) => refusal(answer, "check authHeader, headers or oauth"),
    );
  }
}

/** What an HTTP source asks for. */
interface HttpTarget {
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
