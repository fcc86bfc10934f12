/** What is known of the time since the key was last read; undefined: nothing that counts. */
export type Hint = "quiet" | "touched" | undefined;

/**
 * Tells between polls that the key was written to. It only makes the next poll early: what it misses, the
 * polls find.
 */
export interface ChangeHint {
  /** How often to ask; undefined: not at all, for now. */
  readonly paceMs: number | undefined;
  /** It has said by itself, since it was armed, that a poll is due. */
  readonly pushed: boolean;
  /** Nothing stands between us and the server that could falsify what it says. */
  readonly direct: boolean;
  /** From now on. Called just before the read, so that no change falls between. Never rejects. */
  arm(): Promise<void>;
  /** Whether to poll now. @throws what the connection throws when it is lost */
  touched(): Promise<boolean>;
  /** What it knows since it was armed. @throws as {@link touched} */
  sinceRead(): Promise<Hint>;
  /** Leaves no connection of its own. */
  close(): void;
}

/** If changes are not to be looked for between polls. */
export const noHint: ChangeHint = {
  paceMs: undefined,
  pushed: false,
  direct: false,
  arm: async () => {},
  touched: async () => false,
  sinceRead: async () => undefined,
  close: () => {},
};
