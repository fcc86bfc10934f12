import { within } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { SourceError } from "../sources/source.ts";
import { compileAfterStart } from "./compilation.ts";
import type { FlagPipeline } from "./flag-pipeline.ts";

/** A daemon whose ports are bound. */
export interface Daemon {
  readonly pipeline: FlagPipeline;
  readonly graceMs: number;
  readonly log: Log;
  /** Says goodbye to clients, lets calls in flight finish for up to `graceMs`, closes everything. */
  close(graceMs: number): Promise<void>;
}

/**
 * Runs what is already bound until a signal or a fatal source ends it.
 * @returns the exit status
 */
export async function runDaemon({ pipeline, graceMs, log, close }: Daemon): Promise<number> {
  logUncaught(log);
  compileAfterStart();
  using signals = listenToSignals(() => {
    log.info("SIGHUP: checking every source now");
    pipeline.resync();
  });
  pipeline.readiness.whenReady().then(() => log.info("ready: every source has delivered flags"));
  const aborted = new AbortController();
  const running = pipeline.run(aborted.signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  const ending = await Promise.race([signals.stop, running]);

  pipeline.readiness.stop();
  aborted.abort();
  if (typeof ending !== "string") {
    const message = ending instanceof SourceError ? ending.message : `unexpected error: ${ending}`;
    log.fatal(message);
    await close(0);
    return 1;
  }
  log.info(`${ending}: shutting down, calls in flight have up to ${graceMs / 1000} s to finish`);
  const closed = close(graceMs).then(() => 0);
  const status = await Promise.race([closed, signals.secondStop.then(() => 1)]);
  await within(running, 1000);
  log.info(status === 0 ? "stopped" : "stopped before all calls had finished");
  return status;
}

/** The signals that the process has received. */
export interface Signals extends Disposable {
  /** SIGINT or SIGTERM arrived. */
  readonly stop: Promise<NodeJS.Signals>;
  /** It arrived a second time: the calls in flight are not waited for. */
  readonly secondStop: Promise<void>;
}

/** They end a process that does not listen to them, and tools send them to daemons that reopen their log files. */
const ignored = ["SIGUSR1", "SIGUSR2"] as const;

/** Listens to the signals of the process until disposed. SIGHUP calls `reload`; SIGUSR1 and SIGUSR2 do nothing. */
export function listenToSignals(reload: () => void): Signals {
  const stop = Promise.withResolvers<NodeJS.Signals>();
  const secondStop = Promise.withResolvers<void>();
  let stopping = false;
  const onStop = (signal: NodeJS.Signals) => {
    if (stopping) secondStop.resolve();
    stopping = true;
    stop.resolve(signal);
  };
  const nothing = () => {};
  process.on("SIGINT", onStop).on("SIGTERM", onStop).on("SIGHUP", reload);
  for (const signal of ignored) process.on(signal, nothing);
  return {
    stop: stop.promise,
    secondStop: secondStop.promise,
    [Symbol.dispose]() {
      process.off("SIGINT", onStop).off("SIGTERM", onStop).off("SIGHUP", reload);
      for (const signal of ignored) process.off(signal, nothing);
    },
  };
}

/**
 * From here on, exceptions that nothing catches are logged, and do not end the process. So are the
 * runtime's warnings about how libraries use it.
 */
export function logUncaught(log: Log): void {
  const report = (error: unknown) => {
    log.error("unexpected error; please report it", {
      error: error instanceof Error ? (error.stack ?? error.message) : `${error}`,
    });
  };
  process.on("uncaughtException", report);
  process.on("unhandledRejection", report);
  process.on("warning", ({ name, message }) => log.debug(`${name}: ${message}`));
}
