/**
 * The protobuf wire format, as far as reading requests needs it. A reader is one object that is
 * used again for every message: a request allocates what it asks for and nothing else.
 *
 * https://protobuf.dev/programming-guides/encoding/
 */

/** A message that is not what its length prefixes, tags or text claim. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

/** Wire types, in the low three bits of a tag. */
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const FIXED32 = 5;

/** Messages within messages; the limit of protobuf-es. */
export const MAX_DEPTH = 100;

/** Up to this length, it is cheaper to see whether text is ASCII than to call the decoder. */
const SHORT_TEXT = 64;

/** Longer names are not remembered. */
const MAX_KNOWN_NAME = 32;
/** A power of two. */
const KNOWN_NAMES = 512;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads one message after another. `end` is always the offset behind the message that is being read.
 */
export class WireReader {
  #bytes: Buffer = Buffer.alloc(0);
  /** Names by their length and two of their bytes; of those that share a place the last one. */
  readonly #names: (string | undefined)[] = new Array(KNOWN_NAMES);
  position = 0;

  start(bytes: Uint8Array): void {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.position = 0;
  }

  /** The next byte, which must lie before the end of the message that it belongs to. */
  #byte(end: number): number {
    if (this.position >= end) throw new DecodeError("premature end");
    return this.#bytes[this.position++] ?? 0;
  }

  /** The low 32 bits of a varint, unsigned. */
  varint(end: number): number {
    let byte = this.#byte(end);
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      byte = this.#byte(end);
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new DecodeError("varint of more than 10 bytes");
  }

  /** Field number and wire type as one number, as they are on the wire. */
  tag(end: number): number {
    const start = this.position;
    const tag = this.varint(end);
    const length = this.position - start;
    if (length >= 5) {
      const last = this.#bytes[this.position - 1] ?? 0;
      if (length > 5 || last > 0x0f) throw new DecodeError("illegal tag");
    }
    if (tag >>> 3 === 0 || (tag & 7) > FIXED32) throw new DecodeError("illegal tag");
    return tag;
  }

  /** Whether any of a varint's 64 bits is set. */
  bool(end: number): boolean {
    let set = 0;
    for (let length = 0; length < 10; length++) {
      const byte = this.#byte(end);
      set |= byte & 0x7f;
      if (byte < 0x80) return set !== 0;
    }
    throw new DecodeError("varint of more than 10 bytes");
  }

  double(end: number): number {
    const from = this.position;
    this.#advance(8, end);
    return this.#bytes.readDoubleLE(from);
  }

  /** Reads a length prefix. Returns where what follows it ends. */
  delimited(end: number): number {
    const length = this.varint(end);
    if (length > end - this.position) throw new DecodeError("length beyond the message");
    return this.position + length;
  }

  text(end: number): string {
    const to = this.delimited(end);
    const from = this.position;
    this.position = to;
    return this.#string(from, to);
  }

  #string(from: number, to: number): string {
    if (to - from > SHORT_TEXT) return this.#decode(from, to);
    for (let i = from; i < to; i++) {
      if ((this.#bytes[i] ?? 0) > 0x7f) return this.#decode(from, to);
    }
    return this.#bytes.toString("latin1", from, to);
  }

  /**
   * As {@link text}, for what is mostly the same in one message after another: the names of members, the keys
   * of flags. A string that is there already costs less than a new one, also where it is looked up.
   */
  name(end: number): string {
    const to = this.delimited(end);
    const from = this.position;
    this.position = to;
    const length = to - from;
    if (length === 0 || length > MAX_KNOWN_NAME) return this.#string(from, to);
    const bytes = this.#bytes;
    const first = bytes[from] ?? 0;
    const last = bytes[to - 1] ?? 0;
    const place = (length * 131 + first * 31 + last) & (KNOWN_NAMES - 1);
    const known = this.#names[place];
    if (known !== undefined && this.#equals(known, from, length)) return known;
    const name = this.#string(from, to);
    // Only ASCII has as many characters as bytes, and the same ones.
    if (name.length === length) this.#names[place] = name;
    return name;
  }

  #equals(text: string, from: number, length: number): boolean {
    if (text.length !== length) return false;
    for (let i = 0; i < length; i++) {
      if (text.charCodeAt(i) !== this.#bytes[from + i]) return false;
    }
    return true;
  }

  #decode(from: number, to: number): string {
    try {
      return utf8.decode(this.#bytes.subarray(from, to));
    } catch {
      throw new DecodeError("invalid UTF-8");
    }
  }

  /** Passes over a field that nobody asked for. */
  skip(tag: number, end: number, depth: number): void {
    switch (tag & 7) {
      case VARINT:
        this.bool(end);
        return;
      case FIXED64:
        this.#advance(8, end);
        return;
      case FIXED32:
        this.#advance(4, end);
        return;
      case LENGTH_DELIMITED:
        this.position = this.delimited(end);
        return;
      case START_GROUP:
        this.#skipGroup(tag, end, depth);
        return;
      default:
        throw new DecodeError("end of a group that was not started");
    }
  }

  #skipGroup(start: number, end: number, depth: number): void {
    if (depth >= MAX_DEPTH) throw new DecodeError("too deeply nested");
    for (;;) {
      const tag = this.tag(end);
      if ((tag & 7) !== END_GROUP) this.skip(tag, end, depth + 1);
      else if (tag >>> 3 === start >>> 3) return;
      else throw new DecodeError("end of a group that was not started");
    }
  }

  #advance(count: number, end: number): void {
    if (count > end - this.position) throw new DecodeError("premature end");
    this.position += count;
  }
}
