import { GoogleAuth } from "google-auth-library";
import { ConfigError } from "../../core/errors.ts";
import { readTextFile } from "../settings.ts";
import { SourceError } from "../source.ts";
import { explainLibraryError, fetchBy, LibraryAnswers } from "../web/library-requests.ts";
import type { WebClient } from "../web/web-client.ts";
import { encodeKey, isOn, parseBlobUri } from "./blob-location.ts";
import type { Bucket, BucketDependencies } from "./blob-source.ts";

/**
 * Google Cloud Storage by its XML API, or the emulator of STORAGE_EMULATOR_HOST.
 * @throws ConfigError for a wrong URI or variable
 */
export function gcsBucket(uri: string, { client, env }: BucketDependencies): Bucket {
  const { bucket, key, options } = parseBlobUri(uri, "gs", { anonymous: "boolean" });
  const emulator = env.STORAGE_EMULATOR_HOST?.replace(/^(?!https?:\/\/)/, "http://");
  const host = (emulator || "https://storage.googleapis.com").replace(/\/$/, "");
  if (!URL.canParse(host)) {
    throw new ConfigError(
      "environment variable STORAGE_EMULATOR_HOST is not a host or an http URL",
    );
  }
  const url = new URL(`${host}/${encodeURIComponent(bucket)}/${encodeKey(key)}`);
  const anonymous = isOn(options.anonymous) || Boolean(emulator);
  const tokens = new GoogleCredentials(client);
  return {
    key,
    advice: "check the Google credentials and their permissions",
    forget: () => tokens.forget(),
    async request(conditions, signal) {
      if (anonymous) return { url, headers: conditions };
      const authorization = `Bearer ${await tokens.get(signal)}`;
      return { url, headers: { ...conditions, authorization } };
    },
  };
}

const readOnlyScope = "https://www.googleapis.com/auth/devstorage.read_only";

/** Access tokens by Application Default Credentials, as google-auth-library finds and renews them. */
class GoogleCredentials {
  readonly #answers = new LibraryAnswers<string | null | undefined>();
  #auth: GoogleAuth | undefined;

  constructor(private readonly client: WebClient) {}

  /** @throws SourceError */
  async get(signal: AbortSignal): Promise<string> {
    await checkNamedFile(process.env.GOOGLE_APPLICATION_CREDENTIALS);
    this.#auth ??= new GoogleAuth({
      scopes: [readOnlyScope],
      // It is of no use here, and would be asked for.
      projectId: "none",
      clientOptions: { transporterOptions: { fetchImplementation: fetchBy(this.client) } },
    });
    const auth = this.#auth;
    try {
      const token = await this.#answers.get(() => auth.getAccessToken(), signal);
      if (!token) throw new SourceError("the response has no access token");
      return token;
    } catch (error) {
      this.forget();
      throw refusal(error) ?? explainLibraryError(error, "no Google credentials");
    }
  }

  /** A token was refused: begin again with the search for credentials. */
  forget(): void {
    this.#auth = undefined;
  }
}

/** @throws SourceError, a permanent one, for a file that cannot be used at all */
async function checkNamedFile(path: string | undefined): Promise<void> {
  if (!path) return;
  const explain = (reason: string) => `GOOGLE_APPLICATION_CREDENTIALS: ${reason}`;
  const text = await readTextFile(path, explain);
  try {
    JSON.parse(text);
  } catch {
    throw new SourceError(`the Google credentials in ${path} are not JSON`, { retryable: false });
  }
}

/** A token endpoint that refuses the credentials (RFC 6749 §5.2); undefined if it is something else. */
function refusal(error: unknown): SourceError | undefined {
  if (!(error instanceof Error) || !("response" in error)) return undefined;
  const { status, data } = (error.response ?? {}) as {
    readonly status?: unknown;
    readonly data?: { readonly error?: unknown };
  };
  if (status !== 400 && status !== 401 && status !== 403) return undefined;
  const code = typeof data?.error === "string" ? ` (${data.error.slice(0, 80)})` : "";
  return new SourceError(
    `no Google credentials: the token server responded with ${status}${code}`,
    {
      retryable: false,
    },
  );
}
