import { FIXED64, LENGTH_DELIMITED, VARINT } from "./reader.ts";

const minBytes = 256;

/**
 * Writes the protobuf wire format. A message within a message is written behind room for a length of
 * one byte, and moved if it turns out longer.
 *
 * https://protobuf.dev/programming-guides/encoding/
 */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(minBytes);
  #length = 0;

  /** What was written; the writer is empty afterwards. */
  take(): Uint8Array {
    const taken = new Uint8Array(this.#length);
    taken.set(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }

  bool(field: number, value: boolean): void {
    this.#tag(field, VARINT);
    this.#varint(value ? 1 : 0);
  }

  int64(field: number, value: bigint): void {
    this.#tag(field, VARINT);
    for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
      if (rest < 0x80n) {
        this.#byte(Number(rest));
        return;
      }
      this.#byte(Number(rest & 0x7fn) | 0x80);
    }
  }

  double(field: number, value: number): void {
    this.#tag(field, FIXED64);
    this.#room(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  text(field: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.head(field, length);
    this.#room(length);
    this.#bytes.write(value, this.#length);
    this.#length += length;
  }

  message(field: number, write: () => void): void {
    this.#tag(field, LENGTH_DELIMITED);
    const at = this.#length;
    this.#byte(0);
    write();
    const size = this.#length - at - 1;
    if (size < 0x80) {
      this.#bytes[at] = size;
      return;
    }
    const more = varintBytes(size) - 1;
    this.#room(more);
    this.#bytes.copyWithin(at + 1 + more, at + 1, this.#length);
    this.#length = at;
    this.#varint(size);
    this.#length += size;
  }

  /** The beginning of a message whose `size` bytes are written elsewhere. */
  head(field: number, size: number): void {
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(size);
  }

  #tag(field: number, wireType: number): void {
    this.#varint((field << 3) | wireType);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.#byte((rest & 0x7f) | 0x80);
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest >>>= 7) bytes++;
  return bytes;
}
