/** HPACK (RFC 7541) with all that a client may use of it. */
import { codeLengths } from "../../src/transport/http2/hpack/huffman.ts";
import { staticTable } from "../../src/transport/http2/hpack/tables.ts";

export type Field = readonly [name: string, value: string];

/** How a field is written, if there is a choice. */
export interface Style {
  readonly huffman: boolean;
  /** As an index, if a table has the whole field. */
  readonly indexed: boolean;
  readonly literal: "kept" | "not kept" | "never kept";
}

const size = ([name, value]: Field) => name.length + value.length + 32;

export class HpackEncoder {
  /** The newest first. */
  #table: Field[] = [];
  #capacity = 4096;

  /** A change of the table's size, for the beginning of a block. */
  resize(capacity: number): Buffer {
    this.#capacity = capacity;
    this.#evict();
    return Buffer.from(hpackInteger(0x20, 0x1f, capacity));
  }

  field(field: Field, style: Style): Buffer {
    const [name, value] = field;
    const known: readonly Field[] = [
      ...staticTable.map(({ name, value }): Field => [name, value]),
      ...this.#table,
    ];
    const whole = known.findIndex((one) => one[0] === name && one[1] === value) + 1;
    if (whole > 0 && style.indexed) return Buffer.from(hpackInteger(0x80, 0x7f, whole));
    const named = known.findIndex((one) => one[0] === name) + 1;
    const [flags, mask] = { kept: [0x40, 0x3f], "not kept": [0, 0x0f], "never kept": [0x10, 0x0f] }[
      style.literal
    ] as [number, number];
    if (style.literal === "kept") {
      this.#table.unshift(field);
      this.#evict();
    }
    return Buffer.from([
      ...hpackInteger(flags, mask, named),
      ...(named === 0 ? text(name, style.huffman) : []),
      ...text(value, style.huffman),
    ]);
  }

  #evict(): void {
    while (this.#table.reduce((sum, field) => sum + size(field), 0) > this.#capacity) {
      this.#table.pop();
    }
  }
}

export function hpackInteger(flags: number, mask: number, value: number): number[] {
  if (value < mask) return [flags | value];
  const bytes = [flags | mask];
  let rest = value - mask;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

function text(value: string, huffman: boolean): number[] {
  const bytes = huffman ? huffmanCode(value) : [...Buffer.from(value, "latin1")];
  return [...hpackInteger(huffman ? 0x80 : 0, 0x7f, bytes.length), ...bytes];
}

const codes: readonly string[] = (() => {
  const made: string[] = [];
  let code = 0n;
  let length = 0;
  const bytes = codeLengths.map((bits, byte) => ({ bits, byte }));
  for (const { bits, byte } of bytes.sort((a, b) => a.bits - b.bits || a.byte - b.byte)) {
    code <<= BigInt(bits - length);
    length = bits;
    made[byte] = code.toString(2).padStart(bits, "0");
    code++;
  }
  return made;
})();

export function huffmanCode(value: string): number[] {
  const bits = Array.from(Buffer.from(value, "latin1"), (byte) => codes[byte]).join("");
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1");
  return (padded.match(/.{8}/g) ?? []).map((eight) => Number.parseInt(eight, 2));
}
