import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { Backoff } from "../../sources/retry-loop.ts";
import { onceAMinute } from "../../telemetry/log/once-a-minute.ts";
import type { Registry } from "../../telemetry/metrics/registry.ts";
import type { Notification } from "./notification.ts";

/** The receiver's answer. */
export interface NotifyAnswer {
  readonly status: number;
  /** Seconds; undefined: it did not say. */
  readonly retryAfter?: number | undefined;
}

export interface NotifierOptions {
  /** Of the receiver, for the log: the rest of its URL may be secret. */
  readonly host: string;
  /** Sends one try. @throws if there is no answer */
  readonly send: (notification: Notification, signal: AbortSignal) => Promise<NotifyAnswer>;
  readonly registry: Registry;
  readonly log: Log;
  readonly clock: Clock;
}

const maxQueued = 1_000;
const maxQueuedLength = 16 << 20;
const maxAgeMs = 24 * 3_600_000;
const backoff = { firstMs: 1_000, maxMs: 60_000 };
const maxRetryAfterSeconds = 300;

/** Of an answer that asks to come back: Request Timeout, Too Early, Too Many Requests. */
const retryableStatuses = new Set([408, 425, 429]);

interface Queued {
  readonly notification: Notification;
  readonly since: number;
}

/**
 * Sends notifications one after another, each until the receiver takes or refuses it. What waits is bounded: the
 * oldest goes first.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #queue: Queued[] = [];
  readonly #ended = new AbortController();
  readonly #backoff: Backoff;
  readonly #count: (outcome: "delivered" | "failed" | "refused" | "dropped") => void;
  readonly #allow = onceAMinute();
  #length = 0;
  #failures = 0;
  #sending: Promise<void> | undefined;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock, backoff);
    const counter = options.registry.scope("flagd").counter({
      name: "feature_flag.flagd.notifications",
      description: "Tries to tell --notify-url of changed flags, and what was given up.",
      unit: "{notification}",
    });
    this.#count = (outcome) => {
      counter.series({ outcome }).value++;
    };
  }

  get waiting(): number {
    return this.#queue.length;
  }

  add(notification: Notification): void {
    if (this.#ended.signal.aborted) return;
    this.#queue.push({ notification, since: this.#options.clock.now() });
    this.#length += notification.body.length;
    while (this.#queue.length > maxQueued || this.#length > maxQueuedLength) {
      this.#drop("too many wait");
    }
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Gives what waits a last chance, for up to `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    const { clock, log, host } = this.#options;
    const last = new AbortController();
    // No more waiting between tries.
    if (this.#failures === 0 && this.#sending) {
      await Promise.race([this.#sending, clock.sleep(graceMs, last.signal)]);
    }
    last.abort();
    this.#ended.abort();
    await this.#sending;
    if (this.#queue.length > 0) {
      log.warn(`${host} was not told of the last changes`, { notifications: this.#queue.length });
    }
  }

  async #sendAll(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      const [next] = this.#queue;
      if (!next) return;
      const wait = await this.#try(next.notification);
      // It may have been dropped meanwhile.
      if (wait === undefined && this.#queue[0] === next) this.#remove();
      else if (wait !== undefined) {
        if (clock.now() - next.since > maxAgeMs && this.#queue[0] === next) this.#drop("too old");
        await clock.sleep(wait, signal);
      }
    }
  }

  /** @returns milliseconds until the next try; undefined: the notification is done with */
  async #try(notification: Notification): Promise<number | undefined> {
    const { send, host, log } = this.#options;
    let reason: string;
    let atLeastMs = 0;
    try {
      const { status, retryAfter = 0 } = await send(notification, this.#ended.signal);
      if (status >= 200 && status < 300) {
        this.#delivered();
        return undefined;
      }
      reason = `it responded with ${status}`;
      if (status < 500 && !retryableStatuses.has(status)) {
        this.#count("refused");
        this.#answered();
        log.warn(`${host} refused to be told of changed flags`, { reason });
        return undefined;
      }
      atLeastMs = Math.min(retryAfter, maxRetryAfterSeconds) * 1000;
    } catch (error) {
      if (this.#ended.signal.aborted) return 0;
      reason = messageOf(error);
    }
    this.#count("failed");
    const level = this.#failures++ === 0 ? "warn" : "debug";
    log[level](`cannot tell ${host} of changed flags, trying again`, { reason });
    return Math.max(atLeastMs, this.#backoff.next());
  }

  #delivered(): void {
    const { host, log } = this.#options;
    this.#count("delivered");
    if (this.#failures > 0) log.info(`telling ${host} of changed flags again`);
    this.#answered();
  }

  #answered(): void {
    this.#failures = 0;
    this.#backoff.reset();
  }

  #drop(reason: string): void {
    const { host, log } = this.#options;
    this.#remove();
    this.#count("dropped");
    if (this.#allow(reason)) log.warn(`${host} will not be told of a change of flags`, { reason });
  }

  #remove(): void {
    this.#length -= this.#queue.shift()?.notification.body.length ?? 0;
  }
}
