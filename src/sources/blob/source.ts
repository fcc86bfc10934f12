import type { BlobSourceConfig } from "../../config/sources/source-config.ts";
import type { Clock } from "../clock.ts";
import { SourceFault } from "../fault.ts";
import { Poller } from "../poller.ts";
import type { Source, SourceSink } from "../source.ts";
import { WebClient, type WholeAnswer } from "../web/client.ts";
import { WebDocument } from "../web/document.ts";
import { errorCode, statusFault } from "../web/status.ts";
import { azureBucket } from "./azblob.ts";
import type { Environment } from "./bucket.ts";
import { gcsBucket } from "./gcs.ts";
import { s3Bucket } from "./s3.ts";

export interface BlobSourceDependencies {
  readonly clock: Clock;
  readonly env?: Environment;
  /** Milliseconds of silence after which a server counts as gone. */
  readonly silenceMs?: number;
}

const buckets = { s3: s3Bucket, gcs: gcsBucket, azblob: azureBucket };

/** Flags from a JSON or YAML object in a bucket. */
export class BlobSource implements Source {
  readonly name: string;
  readonly provider: string;
  readonly #client: WebClient;
  readonly #poller: Poller;

  /** @throws ConfigError for a wrong URI or variable */
  constructor(config: BlobSourceConfig, dependencies: BlobSourceDependencies) {
    const { clock, env = process.env, silenceMs } = dependencies;
    const { provider, uri, intervalSeconds, intervalSeed } = config;
    this.name = uri;
    this.provider = provider;
    this.#client = new WebClient(silenceMs === undefined ? {} : { silenceMs });
    const bucket = buckets[provider](uri, { client: this.#client, clock, env });
    const document = new WebDocument(this.#client, bucket.key);
    this.#poller = new Poller({
      name: uri,
      clock,
      intervalSeconds,
      intervalSeed,
      look: (signal) =>
        document.fetch(
          (conditions) => bucket.request(conditions, signal),
          signal,
          (answer) => {
            if (answer.status === 401 || answer.status === 403) bucket.forget();
            return refusal(answer, bucket.advice);
          },
        ),
    });
  }

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    try {
      await this.#poller.run(sink, signal);
    } finally {
      this.#client.close();
    }
  }

  resync(): void {
    this.#poller.resync();
  }
}

function refusal(answer: WholeAnswer, advice: string): SourceFault {
  const code = errorCode(answer);
  const fault = statusFault(answer, advice);
  // Who may not list a bucket is told AccessDenied of an object that is not there yet.
  const hopeless = fault.hopeless && code !== "AccessDenied";
  return new SourceFault(code ? `${fault.message} (${code})` : fault.message, { hopeless });
}
