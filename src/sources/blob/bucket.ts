import type { Clock } from "../../core/clock.ts";
import type { Environment } from "../../core/environment.ts";
import type { WebClient, WebRequest } from "../web/web-client.ts";

export interface BucketDependencies {
  readonly clock: Clock;
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
