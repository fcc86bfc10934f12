/** Where services keep what they derived from an outcome or a view. */
export type Memo = unknown[];

interface Remembering {
  readonly memo: Memo;
}

let places = 0;

/** One kind of derived value, kept with what it was derived from. Make it at module load, never per request. */
export class Derived<Owner extends Remembering, Value> {
  readonly #place = places++;

  /** Undefined: nothing was derived yet. */
  get({ memo }: Owner): Value | undefined {
    return memo[this.#place] as Value | undefined;
  }

  set({ memo }: Owner, value: Value): void {
    memo[this.#place] = value;
  }
}

/**
 * A function that makes its result once for each `owner`, whatever else it is given.
 * @param make returns anything but undefined
 */
export function once<Owner extends Remembering, Rest extends unknown[], Value>(
  make: (owner: Owner, ...rest: Rest) => Value,
): (owner: Owner, ...rest: Rest) => Value {
  const derived = new Derived<Owner, Value>();
  return (owner, ...rest) => {
    const known = derived.get(owner);
    if (known !== undefined) return known;
    const value = make(owner, ...rest);
    derived.set(owner, value);
    return value;
  };
}
