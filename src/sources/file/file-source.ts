import { basename, extname, resolve } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { DocumentFormat } from "../../flags/model.ts";
import { contentHash } from "../content-hash.ts";
import { FatalSourceError, type Source, type SourceSink } from "../source.ts";
import { errorText } from "./error-text.ts";
import { type Fingerprint, fingerprint, type Reading, read } from "./read-file.ts";
import { FileWatcher } from "./file-watcher.ts";

export interface FileSourceOptions {
  /** Relative to the working directory or absolute. */
  readonly path: string;
  /** `fileinfo` looks once a second, the others also listen to events of the file system. */
  readonly provider: "file" | "fsnotify" | "fileinfo";
}

const lookMs = 1000;

/** A file must rest for so long after a change: who writes in place truncates first. */
const settleMs = 25;
/** How often a file is read until it rests: one that is always written, one that is empty, one that fails. */
const tryLimits = { restless: 40, empty: 8, failing: 2 };

/** Flags from a JSON or YAML file. */
export class FileSource implements Source {
  readonly name: string;
  readonly provider: string;
  readonly #options: FileSourceOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Of the content last handed over; undefined before that and after a failure. */
  #seen: Fingerprint | undefined;
  /** Whether an equal fingerprint means equal content. */
  #sure = false;
  #hash: string | undefined;
  #nap = new AbortController();
  #look = false;

  constructor(options: FileSourceOptions, { clock, log }: { clock: Clock; log: Log }) {
    this.name = options.path;
    this.provider = options.provider;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  /** Reads the file now, even if it seems unchanged. */
  resync(): void {
    this.#sure = false;
    this.#wake();
  }

  async run(sink: SourceSink, signal: AbortSignal): Promise<void> {
    const watcher = this.#watcher();
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake);
    try {
      // Watching begins before reading: no change falls in between.
      watcher?.start();
      const first = await read(this.#options.path);
      if (!first.ok) {
        const full = resolve(this.#options.path);
        throw new FatalSourceError(`cannot read the flag file ${full}: ${first.reason}`);
      }
      if (!signal.aborted) await this.#deliver(first, sink);
      while (!signal.aborted) {
        await this.#sleep(lookMs);
        if (!signal.aborted) await this.#check(sink, signal, watcher);
      }
    } finally {
      signal.removeEventListener("abort", wake);
      watcher?.stop();
    }
  }

  /** Looks whether the file has changed, and if so waits until it rests and hands it over. */
  async #check(sink: SourceSink, signal: AbortSignal, watcher?: FileWatcher): Promise<void> {
    const before = this.#seen;
    if (this.#sure && before !== undefined && (await this.#fingerprint()) === before) {
      sink.unchanged();
      return;
    }
    const reading = await this.#readSettled(signal);
    if (signal.aborted) return;
    await this.#deliver(reading, sink);
    if (watcher && this.#seen !== undefined && this.#seen !== before) {
      // The directory may be another one than before, which only a new watch notices.
      watcher.start();
      this.#look = true;
    }
  }

  async #readSettled(signal: AbortSignal): Promise<Reading> {
    for (let tries = 1; ; tries++) {
      const reading = await read(this.#options.path);
      if (tries >= mostTries(reading) || signal.aborted) return reading;
      await this.#clock.sleep(settleMs, signal);
      if (!reading.ok || reading.bytes.length === 0) continue;
      if ((await this.#fingerprint()) === reading.fingerprint) return reading;
    }
  }

  /** Undefined: the file is gone or out of reach; reading it says why. */
  #fingerprint(): Promise<Fingerprint | undefined> {
    return fingerprint(this.#options.path).catch(() => undefined);
  }

  async #deliver(reading: Reading, sink: SourceSink): Promise<void> {
    const { path } = this.#options;
    this.#seen = undefined;
    if (!reading.ok) {
      sink.failed(`cannot read ${path}: ${reading.reason}`);
      return;
    }
    if (reading.bytes.length === 0) {
      sink.failed(`${path} is empty; to delete all flags, write {"flags":{}}`);
      return;
    }
    this.#seen = reading.fingerprint;
    this.#sure = !reading.fresh;
    const hash = await contentHash(reading.bytes);
    if (hash === this.#hash) {
      sink.unchanged();
      return;
    }
    this.#hash = hash;
    await sink.accept({
      document: reading.bytes,
      format: formatOf(path),
      hash,
      origin: basename(path),
    });
  }

  #watcher(): FileWatcher | undefined {
    if (this.#options.provider === "fileinfo") return undefined;
    const onLost = (error: unknown) =>
      this.#log.debug(`cannot watch the file, checking it every second: ${errorText(error)}`, {
        source: this.name,
      });
    return new FileWatcher(this.#options.path, () => this.#wake(), onLost);
  }

  async #sleep(ms: number): Promise<void> {
    if (!this.#look) await this.#clock.sleep(ms, this.#nap.signal);
    this.#look = false;
    this.#nap = new AbortController();
  }

  #wake(): void {
    this.#look = true;
    this.#nap.abort();
  }
}

function mostTries(reading: Reading): number {
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
