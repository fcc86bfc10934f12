import { basename, extname, isAbsolute, resolve } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { fileErrorText } from "../../core/file-error.ts";
import type { Log } from "../../core/log.ts";
import type { DocumentFormat } from "../../flags/model.ts";
import { contentHash } from "../content-hash.ts";
import { RetryLoop } from "../retry-loop.ts";
import { type Source, SourceError, type SourceSink } from "../source.ts";
import type { FileSourceConfig } from "./file-kind.ts";
import { FileWatcher, type Fingerprint, fingerprint, type Reading, read } from "./flag-file.ts";

const pollMs = 1000;

/** A file must rest for so long after a change: to write in place is to truncate first. */
const settleMs = 25;
/** How often a file is read until it rests: one that is always written, one that is empty, one that fails. */
const tryLimits = { restless: 40, empty: 8, failing: 2 };

/** Flags from a JSON or YAML file. */
export class FileSource implements Source {
  readonly name: string;
  readonly provider: string;
  /** Relative to the working directory or absolute. */
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #loop: RetryLoop;
  /** Of the content last read; undefined before that and after a failure. */
  #lastFingerprint: Fingerprint | undefined;
  /** Whether an equal fingerprint means equal content. */
  #conclusive = false;
  #lastHash: string | undefined;

  constructor(
    { uri, provider, name = uri }: FileSourceConfig,
    { clock, log }: { clock: Clock; log: Log },
  ) {
    this.name = name;
    this.provider = provider;
    this.#path = uri;
    this.#clock = clock;
    this.#log = log;
    this.#loop = new RetryLoop({ name: this.name, clock });
  }

  /** Reads the file now, even if it seems unchanged. */
  resync(): void {
    this.#conclusive = false;
    this.#loop.wakeUp();
  }

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    const watcher = this.#watcher();
    try {
      // Watching begins before reading: no change falls in between.
      watcher?.start();
      await this.#loop.run((stop) => this.#poll(sink, stop, watcher), sink, signal);
    } finally {
      watcher?.stop();
    }
  }

  async #poll(sink: SourceSink, signal: AbortSignal, watcher?: FileWatcher): Promise<number> {
    if (this.#loop.reached) await this.#check(sink, signal, watcher);
    else await this.#readFirst(sink, signal);
    return this.#clock.now() + pollMs;
  }

  async #readFirst(sink: SourceSink, signal: AbortSignal): Promise<void> {
    const reading = await read(this.#path);
    if (!reading.ok) {
      // The name is the path that was given.
      const full = isAbsolute(this.#path) ? "" : ` ${resolve(this.#path)}`;
      const message = `cannot read the flag file${full}: ${reading.reason}`;
      throw new SourceError(message, { retryable: false });
    }
    this.#loop.markReached();
    if (!signal.aborted) await this.#deliver(reading, sink);
  }

  /** Checks whether the file has changed, and if so waits until it rests and delivers it. */
  async #check(sink: SourceSink, signal: AbortSignal, watcher?: FileWatcher): Promise<void> {
    const before = this.#lastFingerprint;
    if (this.#conclusive && before !== undefined && (await this.#fingerprint()) === before) {
      sink.unchanged();
      return;
    }
    const reading = await this.#readSettled(signal);
    if (signal.aborted) return;
    await this.#deliver(reading, sink);
    const after = this.#lastFingerprint;
    if (watcher && after !== undefined && after !== before) {
      // The directory may be another one than before, which only a new watch notices.
      watcher.start();
      this.#loop.wakeUp();
    }
  }

  async #readSettled(signal: AbortSignal): Promise<Reading> {
    for (let tries = 1; ; tries++) {
      const reading = await read(this.#path);
      if (tries >= maxTries(reading) || signal.aborted) return reading;
      await this.#clock.sleep(settleMs, signal);
      if (!reading.ok || reading.bytes.length === 0) continue;
      if ((await this.#fingerprint()) === reading.fingerprint) return reading;
    }
  }

  /** Undefined: the file is gone or out of reach; reading it says why. */
  #fingerprint(): Promise<Fingerprint | undefined> {
    return fingerprint(this.#path).catch(() => undefined);
  }

  async #deliver(reading: Reading, sink: SourceSink): Promise<void> {
    const path = this.#path;
    this.#lastFingerprint = undefined;
    if (!reading.ok) {
      sink.failed(`cannot read ${path}: ${reading.reason}`);
      return;
    }
    if (reading.bytes.length === 0) {
      sink.failed(`${path} is empty; to delete all flags, write {"flags":{}}`);
      return;
    }
    this.#lastFingerprint = reading.fingerprint;
    this.#conclusive = !reading.fresh;
    const hash = await contentHash(reading.bytes);
    if (hash === this.#lastHash) {
      sink.unchanged();
      return;
    }
    this.#lastHash = hash;
    await sink.accept({
      document: reading.bytes,
      format: formatOf(path),
      hash,
      origin: basename(path),
    });
  }

  #watcher(): FileWatcher | undefined {
    if (this.provider === "fileinfo") return undefined;
    const onLost = (error: unknown) =>
      this.#log.debug(`cannot watch the file, checking it every second: ${fileErrorText(error)}`, {
        source: this.name,
      });
    return new FileWatcher(this.#path, () => this.#loop.wakeUp(), onLost);
  }
}

function maxTries(reading: Reading): number {
  if (!reading.ok) return tryLimits.failing;
  return reading.bytes.length === 0 ? tryLimits.empty : tryLimits.restless;
}

function formatOf(path: string): DocumentFormat {
  switch (extname(path).toLowerCase()) {
    case ".json":
      return "json";
    case ".yaml":
    case ".yml":
      return "yaml";
    default:
      return "any";
  }
}
