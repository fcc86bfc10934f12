import type { Clock } from "../../core/clock.ts";
import type { Environment } from "../../core/environment.ts";
import type { WebClient, WebRequest } from "../web/web-client.ts";

export interface BucketDependencies {
  readonly client: WebClient;
  readonly clock: Clock;
  readonly env: Environment;
}

/** One kind of storage, made for one object. */
export interface Bucket {
  /** Name of the object; its extension may say the format. */
  readonly key: string;
  /** What to do when access is refused. */
  readonly advice: string;
  /** Access was refused: get other credentials for the next request, where they are temporary. */
  forget(): void;
  /**
   * The GET that fetches the object, authorized.
   * @param conditions headers that it shall have
   * @throws SourceFault where there are no credentials
   */
  request(conditions: Readonly<Record<string, string>>, signal: AbortSignal): Promise<WebRequest>;
}
