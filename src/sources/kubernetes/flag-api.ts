import type { Environment } from "../../core/process-info.ts";
import { SourceError } from "../source.ts";
import { WebClient, type WebRequest, type WholeAnswer } from "../web/web-client.ts";
import { refusal } from "../web/web-errors.ts";
import { type Cluster, ClusterAccess } from "./cluster-access.ts";
import {
  type FlagObject,
  type FlagResource,
  member,
  onlyThis,
  readObject,
  resourcePath,
} from "./flag-resource.ts";

/** The answer to a list request. */
interface Listed {
  /** Undefined: there is no such resource. */
  readonly flag: FlagObject | undefined;
  /** Where a watch goes on from here. */
  readonly resourceVersion: string;
}

/** One event of a watch. */
export interface WatchEvent {
  /** ADDED, MODIFIED, DELETED, BOOKMARK or ERROR. */
  readonly type: string;
  readonly object: FlagObject;
}

/** What was seen last is too old to go on from (HTTP 410): list again. */
export class OutdatedError extends Error {
  override readonly name = "OutdatedError";
}

interface FlagApiOptions {
  readonly resource: FlagResource;
  readonly env: Environment;
  readonly serviceAccount: string;
  /** How long the server shall keep one watch open. */
  readonly watchSeconds: number;
}

/** The Kubernetes API as far as one FeatureFlag is concerned; https://kubernetes.io/docs/reference/using-api/api-concepts/ */
export class FlagApi {
  readonly #options: FlagApiOptions;
  readonly #client: WebClient;
  readonly #access: ClusterAccess;
  #cluster: Cluster | undefined;

  constructor(options: FlagApiOptions) {
    this.#options = options;
    this.#access = new ClusterAccess(options.env, options.serviceAccount);
    this.#client = new WebClient({ tls: () => this.#cluster?.tls ?? {} });
  }

  /** @throws SourceError */
  async list(signal: AbortSignal): Promise<Listed> {
    const request = await this.#request(onlyThis(this.#options.resource), signal);
    const answer = await this.#client.request(request, signal);
    if (answer.status !== 200) throw this.#refusal(answer);
    let list: unknown;
    try {
      list = JSON.parse(new TextDecoder().decode(answer.body));
    } catch {
      list = undefined;
    }
    const items = member(list, "items");
    const { resourceVersion } = readObject(list);
    if (!Array.isArray(items) || resourceVersion === undefined) {
      throw new SourceError(
        "the server does not speak the Kubernetes API: its response is not a list",
      );
    }
    const found = items.find(
      (item: unknown) => member(member(item, "metadata"), "name") === this.#options.resource.name,
    );
    return { flag: found === undefined ? undefined : readObject(found), resourceVersion };
  }

  /**
   * Hands every event to `onEvent` until the server ends the watch.
   * @throws SourceError; OutdatedError
   */
  async watch(
    resourceVersion: string,
    onEvent: (event: WatchEvent) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const { resource, watchSeconds } = this.#options;
    const query = onlyThis(resource);
    query.set("watch", "true");
    query.set("resourceVersion", resourceVersion);
    query.set("allowWatchBookmarks", "true");
    query.set("timeoutSeconds", String(watchSeconds));
    // The server ends the watch in time; a peer that does not has gone without having said so.
    const request = { ...(await this.#request(query, signal)), silenceMs: watchSeconds * 1250 };
    const outdated = await this.#client.exchange(request, signal, async (answer) => {
      if (answer.status === 410) return true;
      if (answer.status !== 200) throw this.#refusal({ ...answer, body: new Uint8Array() });
      for await (const line of jsonLines(answer.chunks)) {
        const object = readObject(member(line, "object"));
        const type = String(member(line, "type"));
        if (type === "ERROR" && object.code === 410) return true;
        if (type === "ERROR") throw new SourceError(`the watch failed: ${object.message}`);
        await onEvent({ type, object });
      }
      return false;
    });
    if (outdated) throw new OutdatedError();
  }

  close(): void {
    this.#client.close();
  }

  async #request(query: URLSearchParams, signal: AbortSignal): Promise<WebRequest> {
    const { resource } = this.#options;
    this.#cluster = await this.#access.get(signal);
    const { server, headers } = this.#cluster;
    return {
      url: new URL(`${server}${resourcePath(resource)}?${query}`),
      headers: { accept: "application/json", ...headers },
    };
  }

  #refusal(answer: WholeAnswer): SourceError {
    const { namespace } = this.#options.resource;
    if (answer.status === 401) this.#access.forget();
    if (answer.status === 404) {
      return new SourceError(
        "the cluster has no resource featureflags.core.openfeature.dev/v1beta1: install the custom resource definitions of the OpenFeature operator",
      );
    }
    const advice = `allow flagd to list and watch featureflags in the namespace ${namespace}`;
    return refusal(answer, advice);
  }
}

const maxLineBytes = 64 * 1024 * 1024;

/**
 * The JSON values of a stream that has one per line.
 * @throws SourceError for a line that is too long or no JSON
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(10, start);
      const part = chunk.subarray(start, end < 0 ? chunk.length : end);
      length += part.length;
      if (length > maxLineBytes)
        throw new SourceError(`an event is larger than ${maxLineBytes} bytes`);
      parts.push(part);
      if (end < 0) break;
      start = end + 1;
      if (length > 0) yield parse(Buffer.concat(parts).toString());
      parts = [];
      length = 0;
    }
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new SourceError("the server does not speak the Kubernetes API: an event is not JSON");
  }
}
