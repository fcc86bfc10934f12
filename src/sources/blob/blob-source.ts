import type { Clock } from "../../core/clock.ts";
import { type Environment, trimmed } from "../../core/process-info.ts";
import { PolledSource } from "../poller.ts";
import type { Polling } from "../settings.ts";
import { type Payload, SourceError } from "../source.ts";
import { type AnySourceConfig, sourceName } from "../source-kind.ts";
import { WebClient, type WebRequest, type WholeAnswer } from "../web/web-client.ts";
import { WebDocument } from "../web/web-document.ts";
import { errorCode, refusal } from "../web/web-errors.ts";

interface BlobSourceDependencies {
  readonly clock: Clock;
  readonly env?: Environment;
  /** Milliseconds of silence after which a server counts as gone. */
  readonly silenceMs?: number;
}

/** The configuration of any source of this kind. */
interface BlobSourceConfig extends AnySourceConfig, Polling {}

/** Flags from a JSON or YAML object in a bucket. */
export class BlobSource extends PolledSource {
  readonly #bucket: Bucket;
  readonly #document: WebDocument;

  /** @throws ConfigError for a wrong URI or variable */
  constructor(
    config: BlobSourceConfig,
    openBucket: OpenBucket,
    dependencies: BlobSourceDependencies,
  ) {
    const { clock, env = trimmed(process.env), silenceMs } = dependencies;
    const { provider, uri } = config;
    const client = new WebClient(silenceMs === undefined ? {} : { silenceMs });
    super({ name: sourceName(config), provider, client, clock, polling: config });
    this.#bucket = openBucket(uri, { client, env });
    this.#document = new WebDocument(client, this.#bucket.key);
  }

  protected override poll(signal: AbortSignal): Promise<Payload | undefined> {
    const bucket = this.#bucket;
    return this.#document.fetch(
      (conditions) => bucket.request(conditions, signal),
      signal,
      (answer) => {
        if (answer.status === 401 || answer.status === 403) bucket.forget();
        return blobRefusal(answer, bucket.advice);
      },
    );
  }
}

function blobRefusal(answer: WholeAnswer, advice: string): SourceError {
  const code = errorCode(answer);
  const error = refusal(answer, advice);
  // Who may not list a bucket is told AccessDenied of an object that is not there yet.
  const retryable = error.retryable || code === "AccessDenied";
  return new SourceError(code ? `${error.message} (${code})` : error.message, { retryable });
}

export interface BucketDependencies {
  readonly client: WebClient;
  readonly env: Environment;
}

/**
 * Makes the bucket of a URI.
 * @throws ConfigError for a wrong URI or environment variable
 */
export type OpenBucket = (uri: string, dependencies: BucketDependencies) => Bucket;

/** One kind of storage, made for one object. */
export interface Bucket {
  /** Name of the object; its extension may say the format. */
  readonly key: string;
  /** What to do when access is refused. */
  readonly advice: string;
  /** Access was refused: get other credentials for the next request, if they are temporary. */
  forget(): void;
  /**
   * The GET that fetches the object, authorized.
   * @param conditions headers that it shall have
   * @throws SourceError if there are no credentials
   */
  request(conditions: Readonly<Record<string, string>>, signal: AbortSignal): Promise<WebRequest>;
}
