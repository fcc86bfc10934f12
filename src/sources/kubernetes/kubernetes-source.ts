import type { Clock } from "../../core/clock.ts";
import { type Environment, trimmed } from "../../core/process-info.ts";
import { contentHash } from "../content-hash.ts";
import { RetryLoop } from "../retry-loop.ts";
import type { Source, SourceSink } from "../source.ts";
import { podServiceAccount } from "./cluster-access.ts";
import { FlagApi, OutdatedError, type WatchEvent } from "./flag-api.ts";
import { type FlagObject, parseResource } from "./flag-resource.ts";
import type { KubernetesSourceConfig } from "./kubernetes-kind.ts";

interface KubernetesSourceDependencies {
  readonly clock: Clock;
  readonly env?: Environment;
  /** Folder of the pod's service account. */
  readonly serviceAccount?: string;
  readonly watchSeconds?: number;
}

const defaultWatchSeconds = 60;
/** A watch that ends sooner did not work, whatever its status said. */
const minWatchMs = 1000;

/** Flags from a FeatureFlag of a Kubernetes cluster: a list, then watches that go on where it was left. */
export class KubernetesSource implements Source {
  readonly name: string;
  readonly provider = "kubernetes";
  readonly #api: FlagApi;
  readonly #clock: Clock;
  readonly #loop: RetryLoop;
  /** Of the document last delivered, accepted or not. */
  #lastHash: string | undefined;

  /** @throws ConfigError for a wrong URI */
  constructor(config: KubernetesSourceConfig, dependencies: KubernetesSourceDependencies) {
    const { clock, env = trimmed(process.env), serviceAccount = podServiceAccount } = dependencies;
    this.name = config.name ?? config.uri;
    this.#clock = clock;
    this.#loop = new RetryLoop({ name: this.name, clock });
    this.#api = new FlagApi({
      resource: parseResource(config.uri),
      env,
      serviceAccount,
      watchSeconds: dependencies.watchSeconds ?? defaultWatchSeconds,
    });
  }

  /** Lists again, now. */
  resync(): void {
    this.#loop.restart();
  }

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    try {
      await this.#loop.run((stop) => this.#follow(sink, stop), sink, signal);
    } finally {
      this.#api.close();
    }
  }

  /** A list, and watches as long as they work. */
  async #follow(sink: SourceSink, signal: AbortSignal): Promise<undefined> {
    const listed = await this.#api.list(signal);
    this.#loop.markReached();
    await this.#deliver(listed.flag, sink);
    let version = listed.resourceVersion;
    const onEvent = async ({ type, object }: WatchEvent) => {
      version = object.resourceVersion ?? version;
      if (type === "ADDED" || type === "MODIFIED") await this.#deliver(object, sink);
      else if (type === "DELETED") sink.failed(`the FeatureFlag ${this.name} was deleted`);
    };
    while (!signal.aborted) {
      const began = this.#clock.now();
      const lasted = () => this.#clock.now() - began > minWatchMs;
      try {
        await this.#api.watch(version, onEvent, signal);
        if (!lasted()) await this.#loop.backOff(signal);
      } catch (error) {
        if (!(error instanceof OutdatedError)) throw error;
        return;
      } finally {
        if (lasted()) this.#loop.markWorking();
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
    if (hash === this.#lastHash) return sink.unchanged();
    this.#lastHash = hash;
    await sink.accept({ document, format: "json", origin: "spec.flagSpec" });
  }
}
