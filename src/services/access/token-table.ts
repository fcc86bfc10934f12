/** What a token may be used for: a port, or the metrics and the page of the management port. */
export const surfaces = ["evaluation", "ofrep", "sync", "management", "page"] as const;
export type Surface = (typeof surfaces)[number];

/** A token as the file has it. */
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
  return Bun.CryptoHasher.hash("sha256", text, "hex");
}

/** Tells texts apart most of the time. */
type QuickHash = (text: string) => number;

/** By a seed of its own, so that nobody can know which texts share a hash. */
function seededHash(): QuickHash {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  return (text) => Bun.hash.xxHash32(text, seed);
}

/** The tokens of one file, which are looked up by their hash: how long that takes says nothing about a token. */
export class TokenTable {
  readonly #byHash: ReadonlyMap<string, Token>;
  /** Those in use, as SHA-256 costs more than many an evaluation. At most one for each token. */
  readonly #inUse = new Map<number, { readonly text: string; readonly token: Token }>();
  readonly #quickHash: QuickHash;

  constructor(tokens: readonly Token[], quickHash: QuickHash = seededHash()) {
    this.#byHash = new Map(tokens.map((token) => [token.sha256, token]));
    this.#quickHash = quickHash;
  }

  find(text: string): Token | undefined {
    const quick = this.#quickHash(text);
    const used = this.#inUse.get(quick);
    if (used !== undefined && isSame(used.text, text)) return used.token;
    const token = this.#byHash.get(sha256(text));
    if (token !== undefined) this.#inUse.set(quick, { text, token });
    return token;
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

/** Takes as long wherever texts of one length differ. */
function isSame(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let at = 0; at < one.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return difference === 0;
}
