import type { Clock } from "../../core/clock.ts";
import { readClientTls } from "../../core/tls/client-tls.ts";
import { pemFiles } from "../settings.ts";
import type { Payload } from "../source.ts";
import { SourceError } from "../source-error.ts";
import { sourceName } from "../source-name.ts";
import { PolledSource } from "../web/polled-source.ts";
import { refusal } from "../web/refusal.ts";
import type { TokenCache } from "../web/token-cache.ts";
import { WebClient } from "../web/web-client.ts";
import { WebDocument } from "../web/web-document.ts";
import type { HttpSourceConfig } from "./http-kind.ts";
import { type HttpTarget, httpTarget } from "./http-target.ts";
import { clientCredentials } from "./oauth.ts";

export interface HttpSourceDependencies {
  readonly clock: Clock;
  /** Milliseconds of silence after which a server counts as gone. */
  readonly silenceMs?: number;
}

/** The longest that a timer lasts (32 bits of milliseconds). */
const maxTimerMs = 2 ** 31 - 1;

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
