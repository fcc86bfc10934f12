import type { Log } from "../core/log.ts";
import { within } from "../core/within.ts";
import { SourceError } from "../sources/source.ts";
import { compileAfterStart } from "./compilation.ts";
import type { FlagPipeline } from "./flag-pipeline.ts";
import { listenToSignals, surviveMistakes } from "./signals.ts";

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
  surviveMistakes(log);
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
  const status = await Promise.race([closed, signals.hurry.then(() => 1)]);
  await within(running, 1000);
  log.info(status === 0 ? "stopped" : "stopped before all calls had finished");
  return status;
}
