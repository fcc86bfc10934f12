import { createHash } from "node:crypto";

/** What a token may be used for: a port, or the metrics and the page of the management port. */
export const surfaces = ["evaluation", "ofrep", "sync", "management", "page"] as const;
export type Surface = (typeof surfaces)[number];

/** A token as it is known to the daemon, which does not keep its text. */
export interface Token {
  /** Stands for it in logs and metrics. */
  readonly name: string;
  /** SHA-256, in lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly surfaces: ReadonlySet<Surface>;
  /** The flags that it may see, as the file names them. */
  readonly selector: string | undefined;
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The tokens of one file, which are looked up by their hash: how long that takes says nothing about a token. */
export class TokenTable {
  readonly #byHash: ReadonlyMap<string, Token>;

  constructor(tokens: readonly Token[]) {
    this.#byHash = new Map(tokens.map((token) => [token.sha256, token]));
  }

  find(text: string): Token | undefined {
    return this.#byHash.get(sha256(text));
  }

  /** Whether the token is there, with the same rights. */
  has({ sha256, name, selector, surfaces }: Token): boolean {
    const own = this.#byHash.get(sha256);
    return (
      own?.name === name &&
      own.selector === selector &&
      own.surfaces.symmetricDifference(surfaces).size === 0
    );
  }
}
