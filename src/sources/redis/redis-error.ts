/**
 * hopeless: no retry can mend it, only the operator (fatal at start) · passing: an answer of the server
 * that will be another one later · foreign: what answers is not Redis · silent, closed: no answer,
 * `diagnose` finds out why.
 */
export type RedisFaultKind = "hopeless" | "passing" | "foreign" | "silent" | "closed";

/** What went wrong with a Redis server, in words for the operator, without credentials. */
export class RedisFault extends Error {
  override readonly name = "RedisFault";
  constructor(
    message: string,
    readonly kind: RedisFaultKind,
  ) {
    super(message);
  }
}

/** A cluster's node says which other one has the key. */
export class RedisMoved extends Error {
  override readonly name = "RedisMoved";
  constructor(
    /** Undefined: the same host, another port. */
    readonly host: string | undefined,
    readonly port: number,
  ) {
    super("MOVED");
  }

  get place(): string {
    return `${this.host ?? ""}:${this.port}`;
  }
}
