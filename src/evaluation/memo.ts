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
export function once<Owner extends Remembering, Value>(
  make: (owner: Owner) => Value,
): (owner: Owner) => Value;
export function once<Owner extends Remembering, More, Value>(
  make: (owner: Owner, more: More) => Value,
): (owner: Owner, more: More) => Value;
export function once<Owner extends Remembering, More, Value>(
  make: (owner: Owner, more: More) => Value,
): (owner: Owner, more: More) => Value {
  const place = places++;
  // Asked for every flag of a bulk answer: no list of arguments, and no call, is made for what is known.
  return (owner, more) => {
    const known = owner.memo[place];
    if (known !== undefined) return known as Value;
    const value = make(owner, more);
    owner.memo[place] = value;
    return value;
  };
}
