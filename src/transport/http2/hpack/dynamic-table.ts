import type { HeaderField } from "./header-field.ts";

/** The fields that were seen last, the newest first (RFC 7541 §2.3.2), up to a size. */
export class DynamicTable {
  /** Oldest first; those before `#first` are gone. */
  #fields: (HeaderField | undefined)[] = [];
  #first = 0;
  #size = 0;
  #capacity: number;
  /** Differs after each change. */
  version = 0;

  /** @param capacity as {@link HeaderField.size} counts */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** @param index 0 is the newest */
  at(index: number): HeaderField | undefined {
    const at = this.#fields.length - 1 - index;
    return at < this.#first ? undefined : this.#fields[at];
  }

  /** A field larger than the table empties it (RFC 7541 §4.4). */
  add(field: HeaderField): void {
    this.version++;
    this.#fields.push(field);
    this.#size += field.size;
    this.#evict();
  }

  resize(capacity: number): void {
    this.version++;
    this.#capacity = capacity;
    this.#evict();
  }

  #evict(): void {
    while (this.#size > this.#capacity) {
      this.#size -= this.#fields[this.#first]?.size ?? 0;
      this.#fields[this.#first++] = undefined;
    }
    if (this.#first <= this.#fields.length / 2) return;
    this.#fields = this.#fields.slice(this.#first);
    this.#first = 0;
  }
}
