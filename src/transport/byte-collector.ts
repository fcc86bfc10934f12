const nothing = new Uint8Array(0);

/**
 * Gathers a body. Copies nothing if it comes in one piece, and costs no more than twice its size
 * if it comes in single bytes.
 */
export class ByteCollector {
  #bytes: Uint8Array = nothing;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(chunk: Uint8Array): void {
    const end = this.#length + chunk.length;
    if (this.#length === 0) {
      this.#bytes = chunk;
    } else {
      if (this.#bytes.length < end) this.#grow(end);
      this.#bytes.set(chunk, this.#length);
    }
    this.#length = end;
  }

  /** What was gathered; the collector is empty afterwards. */
  take(): Uint8Array {
    const whole = this.#bytes.length === this.#length;
    const bytes = whole ? this.#bytes : this.#bytes.subarray(0, this.#length);
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#bytes = nothing;
    this.#length = 0;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.#length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
