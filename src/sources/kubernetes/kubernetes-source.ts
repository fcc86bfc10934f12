import type { KubernetesSourceConfig } from "../../config/sources/source-config.ts";
import type { Clock } from "../../core/clock.ts";
import type { Environment } from "../../core/environment.ts";
import { Backoff, sourceWaits } from "../backoff.ts";
import { contentHash } from "../content-hash.ts";
import { reportFailure } from "../source-error.ts";
import type { Source, SourceSink } from "../source.ts";
import { FlagApi, Outdated, type WatchEvent } from "./flag-api.ts";
import { podServiceAccount } from "./cluster.ts";
import { type FlagObject, parseResource } from "./flag-resource.ts";

export interface KubernetesSourceDependencies {
  readonly clock: Clock;
  readonly env?: Environment;
  /** Folder of the pod's service account. */
  readonly serviceAccount?: string;
  readonly watchSeconds?: number;
}

const defaultWatchSeconds = 60;
/** A watch that ends sooner has not come about, whatever its status said. */
const shortestWatchMs = 1000;

/** Flags from a FeatureFlag of a Kubernetes cluster: a list, then watches that go on where it was left. */
export class KubernetesSource implements Source {
  readonly name: string;
  readonly provider = "kubernetes";
  readonly #api: FlagApi;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  #reached = false;
  /** Of the document last handed over, accepted or not. */
  #handedOver: string | undefined;
  #hurry = new AbortController();

  /** @throws ConfigError for a wrong URI */
  constructor(config: KubernetesSourceConfig, dependencies: KubernetesSourceDependencies) {
    const { clock, env = process.env, serviceAccount = podServiceAccount } = dependencies;
    this.name = config.uri;
    this.#clock = clock;
    this.#backoff = new Backoff(clock, sourceWaits);
    this.#api = new FlagApi({
      resource: parseResource(config.uri),
      env,
      serviceAccount,
      watchSeconds: dependencies.watchSeconds ?? defaultWatchSeconds,
    });
  }

  /** Lists again, now. */
  resync(): void {
    this.#hurry.abort();
  }

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    const abort = () => this.#hurry.abort();
    signal.addEventListener("abort", abort);
    try {
      while (!signal.aborted) {
        this.#hurry = new AbortController();
        const failure = await this.#follow(sink, this.#hurry.signal).catch(
          (error: unknown) => error,
        );
        if (signal.aborted) return;
        if (this.#hurry.signal.aborted) continue;
        if (!(failure instanceof Outdated)) {
          reportFailure(failure, { name: this.name, reached: this.#reached }, sink);
        }
        await this.#clock.sleep(this.#backoff.next(), this.#hurry.signal);
      }
    } finally {
      signal.removeEventListener("abort", abort);
      this.#api.close();
    }
  }

  /** Rejects when something fails, or with Outdated. */
  async #follow(sink: SourceSink, signal: AbortSignal): Promise<never> {
    const listed = await this.#api.list(signal);
    this.#reached = true;
    await this.#deliver(listed.flag, sink);
    let version = listed.resourceVersion;
    const onEvent = async ({ type, object }: WatchEvent) => {
      version = object.resourceVersion ?? version;
      if (type === "ADDED" || type === "MODIFIED") await this.#deliver(object, sink);
      else if (type === "DELETED") sink.failed(`the FeatureFlag ${this.name} was deleted`);
    };
    for (;;) {
      const began = this.#clock.now();
      const longEnough = () => this.#clock.now() - began > shortestWatchMs;
      try {
        await this.#api.watch(version, onEvent, signal);
        if (!longEnough()) await this.#clock.sleep(this.#backoff.next(), signal);
      } finally {
        if (longEnough()) this.#backoff.reset();
      }
    }
  }

  async #deliver(flag: FlagObject | undefined, sink: SourceSink): Promise<void> {
    if (flag === undefined) return sink.failed(`the FeatureFlag ${this.name} does not exist`);
    const { document } = flag;
    if (document === undefined) {
      return sink.failed(`the FeatureFlag ${this.name} has no spec.flagSpec`);
    }
    const hash = await contentHash(document);
    if (hash === this.#handedOver) return sink.unchanged();
    this.#handedOver = hash;
    await sink.accept({ document, format: "json", origin: "spec.flagSpec" });
  }
}
