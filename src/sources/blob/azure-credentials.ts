import {
  createHttpHeaders,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
} from "@azure/core-rest-pipeline";
import { AuthenticationError, DefaultAzureCredential } from "@azure/identity";
import type { Environment } from "../../core/process-info.ts";
import { readTextFile } from "../settings.ts";
import { SourceError } from "../source.ts";
import {
  explainLibraryError,
  LibraryAnswers,
  methodOf,
  withoutCoding,
} from "../web/library-requests.ts";
import type { WebClient } from "../web/web-client.ts";
import { tokenRefusal } from "../web/web-errors.ts";

const storageScope = "https://storage.azure.com/.default";
/** The Azure CLI takes seconds to start. */
const maxCommandMs = 30_000;

/** Access tokens by `DefaultAzureCredential`, which also renews them before they expire. */
export class AzureCredentials {
  readonly #client: LibraryClient;
  readonly #answers = new LibraryAnswers<string>();
  #credential: DefaultAzureCredential | undefined;

  constructor(
    client: WebClient,
    private readonly env: Environment = process.env,
  ) {
    this.#client = new LibraryClient(client);
  }

  /** @throws SourceError; a permanent one if a file cannot be read or the token server refuses */
  async get(signal: AbortSignal): Promise<string> {
    await checkVariables(this.env);
    this.#client.failure = undefined;
    try {
      this.#credential ??= new DefaultAzureCredential({
        httpClient: this.#client,
        processTimeoutInMs: maxCommandMs,
        // The source tries again by itself, and says why in the meantime.
        retryOptions: { maxRetries: 0 },
        // An authority that the operator names need not be known to Microsoft's.
        disableInstanceDiscovery: Boolean(this.env.AZURE_AUTHORITY_HOST),
      });
      const credential = this.#credential;
      const ask = async () => (await credential.getToken(storageScope)).token;
      return await this.#answers.get(ask, signal);
    } catch (error) {
      this.forget();
      throw this.#explain(error);
    }
  }

  /** A token was refused: begin again at the beginning of the chain. */
  forget(): void {
    this.#credential = undefined;
  }

  /** The library's own error lists all that it has tried. What a server said is better. */
  #explain(error: unknown): SourceError {
    const reason = this.#client.failure;
    if (reason) {
      return new SourceError(`no Azure credentials: ${reason.message}`, reason);
    }
    if (error instanceof Error && error.name === "AggregateAuthenticationError") {
      return new SourceError(
        "no Azure credentials: set AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_CLIENT_ID with AZURE_TENANT_ID and " +
          "AZURE_CLIENT_SECRET, or what else DefaultAzureCredential reads; there is no managed identity either",
      );
    }
    // The rest of that message is about where to read about it.
    const said = error instanceof AuthenticationError && error.errorResponse.errorDescription;
    return explainLibraryError(said || error, "no Azure credentials");
  }
}

/** Requests of the library with the bounds, the proxies and the authorities of our own. */
class LibraryClient implements HttpClient {
  /** Why the last request was of no use. */
  failure: SourceError | undefined;

  constructor(private readonly client: WebClient) {}

  async sendRequest(request: PipelineRequest): Promise<PipelineResponse> {
    const { headers, body, timeout, abortSignal } = request;
    const url = new URL(request.url);
    const stop = new AbortController();
    const abort = () => stop.abort();
    abortSignal?.addEventListener("abort", abort);
    if (abortSignal?.aborted) abort();
    // Only the question whether there is a metadata service has a time limit, and its answer is an error.
    const matters = timeout === 0;
    try {
      const answer = await this.client.request(
        {
          url,
          method: methodOf(request.method),
          headers: headers.toJSON(),
          ...(typeof body === "string" && { body }),
          ...(timeout > 0 && { silenceMs: timeout }),
          // Only what the machine itself offers is asked in plain HTTP, and no proxy reaches that.
          direct: url.protocol === "http:",
        },
        stop.signal,
      );
      if (matters) this.failure = answer.status < 400 ? undefined : tokenRefusal(url, answer);
      return {
        request,
        status: answer.status,
        headers: createHttpHeaders(Object.fromEntries(withoutCoding(answer.headers))),
        bodyAsText: new TextDecoder().decode(answer.body),
      };
    } catch (error) {
      if (matters && error instanceof SourceError) this.failure = error;
      throw error;
    } finally {
      abortSignal?.removeEventListener("abort", abort);
    }
  }
}

/** What the library reports only among all the rest, or not by its name. */
async function checkVariables(env: Environment): Promise<void> {
  for (const name of ["AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_CERTIFICATE_PATH"]) {
    const path = env[name];
    if (path) await readTextFile(path, (reason) => `${name}: ${reason}`);
  }
  if (env.AZURE_AUTHORITY_HOST && !/^https:\/\//.test(env.AZURE_AUTHORITY_HOST)) {
    throw new SourceError("AZURE_AUTHORITY_HOST is not an https URL", { retryable: false });
  }
}
