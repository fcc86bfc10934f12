/** A value that an option cannot take; the message says what was expected. */
export class ValueError extends Error {
  override readonly name = "ValueError";
  /** The value to write instead, behind the option's name and `=`. */
  readonly instead: string | undefined;

  constructor(message: string, instead?: string) {
    super(message);
    this.instead = instead;
  }
}

/**
 * One type of option: how its values are read from each place where they may stand.
 * The readers throw {@link ValueError}.
 */
export interface Kind<T> {
  /** What stands for a value in help: `port`, `duration`. */
  readonly hint: string;
  /** The option may stand without a value, which then means `true`. */
  readonly switch?: boolean;
  /** What a shell offers for the value. */
  readonly completion?: "file" | "uri" | readonly string[];
  /** One occurrence on the command line. */
  fromText(text: string): T;
  /** An environment variable; absent: as on the command line. */
  fromEnv?(text: string): T;
  /** A value of the configuration file, as YAML or JSON yields it. */
  fromFile(value: unknown): T;
  /** Joins occurrences on the command line; absent: the last one counts. */
  join?(earlier: T, later: T): T;
  /** A default as help shows it; empty: none worth showing. */
  show(value: T): string;
}

/** The text of a scalar of the configuration file: `port: 8013` and `port: "8013"` are the same. */
export function scalarText(value: unknown): string {
  if (typeof value === "string") return value.trim();
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new ValueError("expected a single value");
}
