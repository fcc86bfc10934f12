import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import type { Environment } from "../../core/environment.ts";
import { messageOf, SourceError } from "../source-error.ts";
import { answerOf, awsRequestHandler, explainLibrary } from "../web/library-requests.ts";
import type { WebClient } from "../web/web-client.ts";

/** Keys for signing, of a user or temporary. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Credentials by the default chain of the AWS SDK, which also renews them before they expire. */
export class AwsCredentials {
  #provider: (() => Promise<AwsKeys>) | undefined;

  constructor(
    private readonly client: WebClient,
    private readonly region: string,
  ) {}

  /** @throws SourceError */
  async get(signal: AbortSignal): Promise<AwsKeys> {
    this.#provider ??= fromNodeProviderChain({
      clientConfig: { region: this.region, requestHandler: awsRequestHandler(this.client) },
    });
    try {
      return await answerOf(this.#provider(), signal);
    } catch (error) {
      this.forget();
      throw nowhere(error) ?? explainLibrary(error, "no AWS credentials");
    }
  }

  /** They were refused: begin again at the beginning of the chain. */
  forget(): void {
    this.#provider = undefined;
  }
}

/** That there are none is permanent, unless the metadata service of the machine may still come up. */
function nowhere(error: unknown, env: Environment = process.env): SourceError | undefined {
  if (env.AWS_EC2_METADATA_DISABLED !== "true") return undefined;
  if (!/load credentials from any provider/i.test(messageOf(error))) return undefined;
  return new SourceError(
    "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or what else the default chain of the AWS SDK reads",
    { retryable: false },
  );
}
