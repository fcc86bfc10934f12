const encoder = new TextEncoder();

/**
 * MurmurHash3 x86 32-bit with seed 0 of the text's UTF-8 bytes, as an unsigned integer.
 * Algorithm: https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 */
export function murmur3(text: string): number {
  return hashAscii(text) ?? hashBytes(encoder.encode(text));
}

/** Without encoding the text first; undefined if it is not ASCII. */
function hashAscii(text: string): number | undefined {
  const { length } = text;
  const blocks = length & ~3;
  let hash = 0;
  let seen = 0;
  let i = 0;
  while (i < blocks) {
    const a = text.charCodeAt(i++);
    const b = text.charCodeAt(i++);
    const c = text.charCodeAt(i++);
    const d = text.charCodeAt(i++);
    seen |= a | b | c | d;
    hash = addBlock(hash, a | (b << 8) | (c << 16) | (d << 24));
  }
  let tail = 0;
  for (let shift = 0; i < length; shift += 8) {
    const code = text.charCodeAt(i++);
    seen |= code;
    tail |= code << shift;
  }
  return seen < 0x80 ? finish(hash, tail, length) : undefined;
}

/** Of these bytes. */
export function hashBytes(bytes: Uint8Array): number {
  const { length } = bytes;
  const blocks = length & ~3;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let hash = 0;
  let i = 0;
  for (; i < blocks; i += 4) hash = addBlock(hash, view.getInt32(i, true));
  let tail = 0;
  for (let shift = 0; i < length; shift += 8) tail |= view.getUint8(i++) << shift;
  return finish(hash, tail, length);
}

function addBlock(hash: number, block: number): number {
  return (Math.imul(rotate(hash ^ scramble(block), 13), 5) + 0xe6546b64) | 0;
}

/** An absent tail is 0, which scrambles to 0. */
function finish(hash: number, tail: number, length: number): number {
  let h = hash ^ scramble(tail) ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function scramble(block: number): number {
  return Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
