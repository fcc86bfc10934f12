const nothing: Buffer = Buffer.alloc(0);

/**
 * What a connection has received and nobody has taken yet. Copies nothing if requests arrive in one piece
 * each, and costs no more than twice its size if they arrive in single bytes.
 */
export class ReceivedBytes {
  #buffer: Buffer = nothing;
  #start = 0;
  #end = 0;
  /** Whether there may be written beyond the end: not into a chunk that came from the socket. */
  #own = false;

  get length(): number {
    return this.#end - this.#start;
  }

  append(chunk: Buffer): void {
    const { length } = this;
    if (length === 0) {
      this.#buffer = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#own = false;
      return;
    }
    if (!this.#own || this.#end + chunk.length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * length, length + chunk.length));
      this.#buffer.copy(larger, 0, this.#start, this.#end);
      this.#buffer = larger;
      this.#start = 0;
      this.#end = length;
      this.#own = true;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next `count` bytes, to be used before anything else is done here; without `count`: all. */
  peek(count = this.length): Buffer {
    return this.#buffer.subarray(this.#start, this.#start + count);
  }

  /** One character a byte. */
  text(count: number): string {
    return this.#buffer.toString("latin1", this.#start, this.#start + count);
  }

  byteAt(index: number): number | undefined {
    return index < this.length ? this.#buffer[this.#start + index] : undefined;
  }

  /** Where `mark` begins, searched for from `from` on; -1: it is not there. */
  indexOf(mark: string, from = 0): number {
    const at = this.#buffer.indexOf(mark, this.#start + from, "latin1");
    return at < 0 || at + mark.length > this.#end ? -1 : at - this.#start;
  }

  startsWith(bytes: Buffer): boolean {
    const end = this.#start + bytes.length;
    return end <= this.#end && bytes.compare(this.#buffer, this.#start, end) === 0;
  }

  skip(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) this.clear();
  }

  /** Bytes of their own, which stay as they are. */
  take(count: number): Buffer {
    const taken = this.#own ? Buffer.from(this.peek(count)) : this.peek(count);
    this.skip(count);
    return taken;
  }

  clear(): void {
    this.#buffer = nothing;
    this.#start = 0;
    this.#end = 0;
    this.#own = false;
  }
}
