/** The Huffman code of HPACK (RFC 7541 §5.2 and appendix B). */

/**
 * The length in bits of the code of each byte. The code is canonical: codes of one length follow each
 * other in the order of their bytes, so that nothing more is needed to make them.
 */
// biome-ignore format: a table
export const codeLengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];

/** One code more, 30 ones, stands for the end and must not occur. */
const endSymbol = 256;
const endLength = 30;

/** Each inner node of the tree is a state, and each four bits lead from one to another. */
interface Machine {
  /**
   * By state × 16 + bits: the next state × 512 + the byte that is complete with them + 1, or 0 for none; -1 if
   * the bits are no code. No code is shorter than five bits.
   */
  readonly steps: Int32Array;
  /** May the text end here? What is left must be less than eight ones. */
  readonly final: Uint8Array;
}

const stateShift = 9;
const byteMask = (1 << stateShift) - 1;

let machine: Machine | undefined;

/** Where short texts are made. */
const scratch = Buffer.alloc(1024);

/**
 * The text of `bytes[start…end]`, a character a byte.
 * @returns undefined if they are not in the code.
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | undefined {
  machine ??= buildMachine();
  const { steps, final } = machine;
  const maxLength = Math.floor(((end - start) * 8) / 5);
  const text = maxLength <= scratch.length ? scratch : Buffer.allocUnsafeSlow(maxLength);
  let length = 0;
  let step = 0;
  for (let at = start; at < end; at++) {
    const eight = bytes[at] ?? 0;
    for (let shift = 4; shift >= 0; shift -= 4) {
      step = steps[((step >> stateShift) << 4) | ((eight >> shift) & 15)] ?? -1;
      if (step < 0) return undefined;
      const found = step & byteMask;
      if (found > 0) text[length++] = found - 1;
    }
  }
  return final[step >> stateShift] ? text.toString("latin1", 0, length) : undefined;
}

function buildMachine(): Machine {
  /** By node × 2 + bit: a node, or -1 - symbol. 0, the root, stands for nothing yet. */
  const tree = [0, 0];
  let code = 0;
  let length = 0;
  const symbols = codeLengths
    .map((bits, symbol) => ({ bits, symbol }))
    .concat({ bits: endLength, symbol: endSymbol })
    .sort((a, b) => a.bits - b.bits || a.symbol - b.symbol);
  for (const { bits, symbol } of symbols) {
    code <<= bits - length;
    length = bits;
    let node = 0;
    for (let bit = bits - 1; bit > 0; bit--) {
      const branch = node * 2 + ((code >>> bit) & 1);
      if (!tree[branch]) tree[branch] = tree.push(0, 0) / 2 - 1;
      node = tree[branch] ?? 0;
    }
    tree[node * 2 + (code & 1)] = -1 - symbol;
    code++;
  }

  const states = tree.length / 2;
  const steps = new Int32Array(states * 16);
  for (let step = 0; step < states * 16; step++) {
    let node = step >> 4;
    let byte = 0;
    for (let bit = 3; bit >= 0 && node >= 0; bit--) {
      const branch = tree[node * 2 + ((step >> bit) & 1)] ?? 0;
      node = branch;
      if (branch >= 0) continue;
      const symbol = -1 - branch;
      if (symbol === endSymbol) break;
      byte = symbol + 1;
      node = 0;
    }
    steps[step] = node < 0 ? -1 : (node << stateShift) | byte;
  }
  const final = new Uint8Array(states);
  for (let node = 0, ones = 0; ones < 8; ones++, node = tree[node * 2 + 1] ?? 0) final[node] = 1;
  return { steps, final };
}
