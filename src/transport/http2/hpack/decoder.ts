/** Header blocks from their compressed form (RFC 7541). */

import { decodeHuffman } from "./huffman.ts";
import { DynamicTable, type HeaderField, headerField, staticTable } from "./tables.ts";

/** A block that cannot be decompressed, after which nothing on its connection can. */
export class CompressionError extends Error {
  override readonly name = "CompressionError";
}

/** Octets; what an endpoint has that does not announce another (RFC 9113 §6.5.2). */
const tableCapacity = 4096;

export class HpackDecoder {
  readonly #table = new DynamicTable(tableCapacity);
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /** As long as it stays the same, the same bytes mean the same fields. */
  get version(): number {
    return this.#table.version;
  }

  /**
   * Gives the fields of a whole block to `onField`, one after the other.
   * @throws CompressionError
   */
  decode(bytes: Buffer, start: number, end: number, onField: (field: HeaderField) => void): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    let started = false;
    while (this.#at < end) {
      const first = bytes[this.#at] ?? 0;
      if (first & 0x80) {
        onField(this.#field(this.#integer(0x7f)));
      } else if (first & 0x40) {
        const field = this.#literal(0x3f);
        this.#table.add(field);
        onField(field);
      } else if (first & 0x20) {
        if (started)
          throw new CompressionError("a table size update after the first field of a header block");
        const capacity = this.#integer(0x1f);
        if (capacity > tableCapacity)
          throw new CompressionError("a table size update larger than allowed");
        this.#table.resize(capacity);
        continue;
      } else {
        onField(this.#literal(0x0f));
      }
      started = true;
    }
  }

  #field(index: number): HeaderField {
    const field =
      index <= staticTable.length
        ? staticTable[index - 1]
        : this.#table.at(index - staticTable.length - 1);
    if (field === undefined) throw new CompressionError("an index outside of the tables");
    return field;
  }

  #literal(mask: number): HeaderField {
    const index = this.#integer(mask);
    const name = index === 0 ? this.#text() : this.#field(index).name;
    return headerField(name, this.#text());
  }

  /** RFC 7541 §5.1, with at most four octets after the first. */
  #integer(mask: number): number {
    let value = this.#octet() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const octet = this.#octet();
      value += (octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
    throw new CompressionError("an integer is too large");
  }

  #octet(): number {
    if (this.#at >= this.#end) throw new CompressionError("the header block ends prematurely");
    return this.#bytes[this.#at++] ?? 0;
  }

  #text(): string {
    const huffman = (this.#bytes[this.#at] ?? 0) & 0x80;
    const length = this.#integer(0x7f);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw new CompressionError("the header block ends prematurely");
    this.#at = end;
    if (!huffman) return this.#bytes.toString("latin1", start, end);
    const text = decodeHuffman(this.#bytes, start, end);
    if (text === undefined) throw new CompressionError("a string is not valid Huffman code");
    return text;
  }
}
