import type { Log } from "../core/log.ts";

/** The signals that the process has received. */
export interface Signals extends Disposable {
  /** SIGINT or SIGTERM arrived. */
  readonly stop: Promise<NodeJS.Signals>;
  /** It arrived a second time: somebody does not want to wait. */
  readonly hurry: Promise<void>;
}

/** They end a process that does not listen to them, and tools send them to daemons that reopen their log files. */
const ignored = ["SIGUSR1", "SIGUSR2"] as const;

/** Listens to the signals of the process until disposed. SIGHUP calls `reload`; SIGUSR1 and SIGUSR2 do nothing. */
export function listenToSignals(reload: () => void): Signals {
  const stop = Promise.withResolvers<NodeJS.Signals>();
  const hurry = Promise.withResolvers<void>();
  let stopping = false;
  const onStop = (signal: NodeJS.Signals) => {
    if (stopping) hurry.resolve();
    stopping = true;
    stop.resolve(signal);
  };
  const nothing = () => {};
  process.on("SIGINT", onStop).on("SIGTERM", onStop).on("SIGHUP", reload);
  for (const signal of ignored) process.on(signal, nothing);
  return {
    stop: stop.promise,
    hurry: hurry.promise,
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
export function surviveMistakes(log: Log): void {
  const report = (error: unknown) => {
    log.error("unexpected error; please report it", {
      error: error instanceof Error ? (error.stack ?? error.message) : `${error}`,
    });
  };
  process.on("uncaughtException", report);
  process.on("unhandledRejection", report);
  process.on("warning", ({ name, message }) => log.debug(`${name}: ${message}`));
}
