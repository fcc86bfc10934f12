/**
 * permanent: no retry helps, only the operator (fatal at start) · retryable: an answer of the server that
 * will soon be another one · content: the server is well, the key is not · protocol: what answers is not
 * Redis · timeout, closed: no answer, `diagnose` finds out why.
 */
export type RedisErrorKind =
  | "permanent"
  | "retryable"
  | "content"
  | "protocol"
  | "timeout"
  | "closed";

/** What went wrong with a Redis server, in words for the operator, without credentials. */
export class RedisError extends Error {
  override readonly name = "RedisError";
  constructor(
    message: string,
    readonly kind: RedisErrorKind,
  ) {
    super(message);
  }
}

/** A node of a cluster says which other one has the key: for good (MOVED), or until a migration ends (ASK). */
export class Redirection extends Error {
  override readonly name = "Redirection";
  constructor(
    readonly type: "MOVED" | "ASK",
    /** Undefined: the same host, another port. */
    readonly host: string | undefined,
    readonly port: number,
  ) {
    super(type);
  }

  get node(): string {
    return `${this.host ?? ""}:${this.port}`;
  }
}
