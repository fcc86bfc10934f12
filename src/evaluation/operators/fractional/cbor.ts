import { charge, chargeText } from "../../rule/budget.ts";

/** Major types of RFC 8949 §3.1, shifted to their place. */
const unsigned = 0 << 5;
const negative = 1 << 5;
const text = 3 << 5;
const array = 4 << 5;
const map = 5 << 5;
const simple = 7 << 5;

const utf8 = new TextEncoder();

/**
 * The core deterministic encoding (RFC 8949 §4.2.1) of a JSON value. Numbers without fraction from −2⁶³
 * to 2⁶⁴−1 are integers, −0 too.
 * @throws BudgetError for values that are too large to be hashed
 */
export function encodeCbor(value: unknown): Uint8Array {
  const writer = new CborWriter();
  writer.value(value);
  return writer.bytes;
}

class CborWriter {
  #bytes = new Uint8Array(64);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  value(value: unknown): void {
    if (typeof value === "string") this.#text(value);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "boolean") this.#byte(simple | (value ? 21 : 20));
    else if (typeof value !== "object" || value === null) this.#byte(simple | 22);
    else if (Array.isArray(value)) {
      charge(value.length);
      this.#head(array, value.length);
      for (const element of value) this.value(element);
    } else this.#map(value);
  }

  #text(value: string): void {
    chargeText(value.length);
    const bytes = utf8.encode(value);
    this.#head(text, bytes.length);
    this.#append(bytes);
  }

  #map(object: object): void {
    const members = Object.entries(object).map(
      ([name, value]) => [Buffer.from(encodeCbor(name)), value] as const,
    );
    charge(members.length);
    this.#head(map, members.length);
    for (const [name, value] of members.sort(([a], [b]) => a.compare(b))) {
      this.#append(name);
      this.value(value);
    }
  }

  #number(value: number): void {
    if (!Number.isInteger(value) || value < -(2 ** 63) || value >= 2 ** 64) this.#float(value);
    else if (value >= 0) this.#head(unsigned, value);
    else this.#head(negative, value >= -(2 ** 53) ? -1 - value : -1n - BigInt(value));
  }

  /** In the shortest form that keeps the value. */
  #float(value: number): void {
    this.#reserve(9);
    const start = this.#length + 1;
    if (Math.f16round(value) === value) {
      this.#byte(simple | 25);
      this.#view.setFloat16(start, value);
      this.#length += 2;
    } else if (Math.fround(value) === value) {
      this.#byte(simple | 26);
      this.#view.setFloat32(start, value);
      this.#length += 4;
    } else {
      this.#byte(simple | 27);
      this.#view.setFloat64(start, value);
      this.#length += 8;
    }
  }

  /** A type with its argument in the shortest form. */
  #head(major: number, argument: number | bigint): void {
    this.#reserve(9);
    const start = this.#length + 1;
    if (argument < 24) {
      this.#byte(major | Number(argument));
    } else if (argument < 2 ** 8) {
      this.#byte(major | 24);
      this.#byte(Number(argument));
    } else if (argument < 2 ** 16) {
      this.#byte(major | 25);
      this.#view.setUint16(start, Number(argument));
      this.#length += 2;
    } else if (argument < 2 ** 32) {
      this.#byte(major | 26);
      this.#view.setUint32(start, Number(argument));
      this.#length += 4;
    } else {
      this.#byte(major | 27);
      this.#view.setBigUint64(start, BigInt(argument));
      this.#length += 8;
    }
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array((this.#length + more) * 2);
    larger.set(this.bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
