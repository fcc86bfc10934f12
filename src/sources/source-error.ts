import { FatalSourceError, type SourceSink } from "./source.ts";

/** Why a source got no flags, in words for the operator, without credentials. */
export class SourceFault extends Error {
  override readonly name = "SourceFault";
  /** No retry can mend it, only the operator: at start the daemon ends with it. */
  readonly hopeless: boolean;

  constructor(message: string, { hopeless = false }: { readonly hopeless?: boolean } = {}) {
    super(message);
    this.hopeless = hopeless;
  }
}

/** The message of an error; of anything else that was thrown, its text. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * Tells of an attempt that failed.
 * @param source `reached`: an attempt has succeeded before; then no failure is one of the configuration
 * @throws FatalSourceError for what no other attempt can mend
 */
export function reportFailure(
  failure: unknown,
  source: { readonly name: string; readonly reached: boolean },
  sink: SourceSink,
): void {
  const reason = messageOf(failure);
  if (failure instanceof SourceFault && failure.hopeless && !source.reached) {
    throw new FatalSourceError(`source ${source.name}: ${reason}`);
  }
  sink.failed(reason);
}
