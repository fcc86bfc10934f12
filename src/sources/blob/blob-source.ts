import type { BlobSourceConfig } from "../../config/sources/source-config.ts";
import type { Clock } from "../../core/clock.ts";
import type { Environment } from "../../core/environment.ts";
import { SourceFault } from "../source-error.ts";
import type { Payload } from "../source.ts";
import { WebClient, type WholeAnswer } from "../web/web-client.ts";
import { WebDocument } from "../web/web-document.ts";
import { PolledSource } from "../web/polled-source.ts";
import { errorCode, statusFault } from "../web/refusal.ts";
import { azureBucket } from "../azblob/azure-bucket.ts";
import type { Bucket } from "./bucket.ts";
import { gcsBucket } from "../gcs/gcs-bucket.ts";
import { s3Bucket } from "../s3/s3-bucket.ts";

export interface BlobSourceDependencies {
  readonly clock: Clock;
  readonly env?: Environment;
  /** Milliseconds of silence after which a server counts as gone. */
  readonly silenceMs?: number;
}

const buckets = { s3: s3Bucket, gcs: gcsBucket, azblob: azureBucket };

/** Flags from a JSON or YAML object in a bucket. */
export class BlobSource extends PolledSource {
  readonly #bucket: Bucket;
  readonly #document: WebDocument;

  /** @throws ConfigError for a wrong URI or variable */
  constructor(config: BlobSourceConfig, dependencies: BlobSourceDependencies) {
    const { clock, env = process.env, silenceMs } = dependencies;
    const { provider, uri } = config;
    const client = new WebClient(silenceMs === undefined ? {} : { silenceMs });
    super({ name: uri, provider, client, clock, polling: config });
    this.#bucket = buckets[provider](uri, { client, clock, env });
    this.#document = new WebDocument(client, this.#bucket.key);
  }

  protected override look(signal: AbortSignal): Promise<Payload | undefined> {
    const bucket = this.#bucket;
    return this.#document.fetch(
      (conditions) => bucket.request(conditions, signal),
      signal,
      (answer) => {
        if (answer.status === 401 || answer.status === 403) bucket.forget();
        return refusal(answer, bucket.advice);
      },
    );
  }
}

function refusal(answer: WholeAnswer, advice: string): SourceFault {
  const code = errorCode(answer);
  const fault = statusFault(answer, advice);
  // Who may not list a bucket is told AccessDenied of an object that is not there yet.
  const hopeless = fault.hopeless && code !== "AccessDenied";
  return new SourceFault(code ? `${fault.message} (${code})` : fault.message, { hopeless });
}
