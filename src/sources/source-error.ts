import { ConfigError } from "../core/config-error.ts";

/** Why a source got no flags, in words for the operator, without credentials. */
export class SourceError extends Error {
  override readonly name: string = "SourceError";
  /** False: permanent. Only the operator can fix it, so the daemon does not start with it. */
  readonly retryable: boolean;

  constructor(message: string, { retryable = true }: { readonly retryable?: boolean } = {}) {
    super(message);
    this.retryable = retryable;
  }
}

/** Whether only the operator can fix it: a wrong option, credential, certificate or database. */
export function isPermanent(failure: unknown): boolean {
  return failure instanceof ConfigError || (failure instanceof SourceError && !failure.retryable);
}

/** The message of an error; of anything else that was thrown, its text. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
