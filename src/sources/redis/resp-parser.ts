/** A value of RESP3. Errors are values too; a map comes as a map, whatever its keys are. */
export type RespValue =
  | string
  | number
  | boolean
  | null
  | RespError
  | readonly RespValue[]
  | ReadonlyMap<RespValue, RespValue>;

/** An answer of the server that is an error. */
export class RespError extends Error {
  override readonly name = "RespError";
}

/** A value that answers no command: `["invalidate", …]`, `["message", …]`. */
export class RespPush {
  constructor(readonly values: readonly RespValue[]) {}
}

/** What is read here is small: addresses and names. */
const maxBytes = 1 << 20;
const maxDepth = 8;

/** Reads RESP2 and RESP3 (https://redis.io/docs/latest/develop/reference/protocol-spec/) as it arrives. */
export class RespParser {
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;

  /** The values that are complete now. @throws Error for what is not RESP, or too large */
  read(chunk: Uint8Array): (RespValue | RespPush)[] {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (this.#buffer.length > maxBytes) throw new Error("the answer is too large");
    const values: (RespValue | RespPush)[] = [];
    for (;;) {
      this.#at = 0;
      const value = this.#value(0);
      if (value === undefined) return values;
      values.push(value);
      this.#buffer = this.#buffer.subarray(this.#at);
    }
  }

  /** Undefined: there is more to come. */
  #value(depth: number): RespValue | RespPush | undefined {
    if (depth > maxDepth) throw new Error("the answer is nested too deep");
    const line = this.#line();
    if (line === undefined) return undefined;
    const text = line.slice(1);
    switch (line[0]) {
      case "+":
      case "(":
        return text;
      case "-":
        return new RespError(text);
      case ":":
      case ",":
        return Number(text);
      case "#":
        return text === "t";
      case "_":
        return null;
      case "$":
      case "=":
        return this.#bulk(length(text), line[0] === "=");
      case "!": {
        const message = this.#bulk(length(text), false);
        return typeof message === "string" ? new RespError(message) : message;
      }
      case "*":
      case "~":
        return this.#list(length(text), depth);
      case ">": {
        const values = this.#list(length(text), depth);
        return values && new RespPush(values);
      }
      case "%":
        return this.#map(length(text), depth);
    }
    throw new Error("the answer is not in the Redis protocol");
  }

  #line(): string | undefined {
    const end = this.#buffer.indexOf("\r\n", this.#at);
    if (end < 0) return undefined;
    const line = this.#buffer.toString("utf8", this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #bulk(size: number, verbatim: boolean): string | null | undefined {
    if (size < 0) return null;
    if (this.#buffer.length < this.#at + size + 2) return undefined;
    const text = this.#buffer.toString("utf8", this.#at, this.#at + size);
    this.#at += size + 2;
    return verbatim ? text.slice(4) : text;
  }

  #list(count: number, depth: number): RespValue[] | undefined {
    const values: RespValue[] = [];
    for (let n = 0; n < count; n++) {
      const value = this.#value(depth + 1);
      if (value === undefined) return undefined;
      if (value instanceof RespPush) throw new Error("the answer is not in the Redis protocol");
      values.push(value);
    }
    return values;
  }

  #map(count: number, depth: number): Map<RespValue, RespValue> | undefined {
    const values = this.#list(count * 2, depth);
    if (values === undefined) return undefined;
    const map = new Map<RespValue, RespValue>();
    for (let n = 0; n < values.length; n += 2) map.set(values[n] ?? null, values[n + 1] ?? null);
    return map;
  }
}

function length(text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw new Error("the answer is not in the Redis protocol");
  return Number(text);
}
