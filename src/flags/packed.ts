import type { Json, JsonObject } from "../core/json.ts";
import { compareBytes } from "../core/order.ts";
import { atOnce, type Steps } from "../core/turns.ts";
import { canonicalFlag, htmlSafeJson } from "./canonical.ts";
import { flagSetIdOf } from "./metadata.ts";
import type { FlagDefinition, FlagSet, Problem } from "./model.ts";
import { parseInSteps } from "./parse-in-steps.ts";

/**
 * A flag set as bytes that threads can share: the flags as documents for sync clients carry them, and
 * where each of them lies. What is made of a flag is made of its part of the bytes when it is needed.
 */
export interface PackedFlagSet {
  /** UTF-8 of `"key":{…},"key":{…}`, in byte order of key, then flag set. No flag is in it twice. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** Of each flag the places where its key and its definition begin, and last the length of all. */
  readonly places: Uint32Array<SharedArrayBuffer>;
  /** Of each flag the place of its flag set in `flagSetIds`. */
  readonly flagSets: Uint32Array<SharedArrayBuffer>;
  /** `""` for none. */
  readonly flagSetIds: readonly string[];
  /** `flagSetId` of the document's own metadata. */
  readonly flagSetId: string | undefined;
}

/** What a document defines, in a form that threads can share, or everything that is wrong with it. */
export type PackedDocument =
  | { readonly ok: true; readonly flagSet: PackedFlagSet }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const firstSize = 1 << 20;

/** @param source the name of the source that the flags say they come from */
export function pack({ flags, flagSetId }: FlagSet, source: string): PackedFlagSet {
  const packed = atOnce(packing(flags, (flag) => canonicalFlag(flag, source)));
  return { ...packed, flagSetId };
}

/** Packs flags of which there are canonical texts, in any order. */
export function* packing<Flag extends FlagName>(
  flags: readonly Flag[],
  textOf: (flag: Flag) => string,
): Steps<PackedFlagSet> {
  const sorted = flags.toSorted(compareFlags);
  const ids = new Map<string, number>();
  const places = new Uint32Array(shared(sorted.length * 8 + 4));
  const flagSets = new Uint32Array(shared(sorted.length * 4));
  const text = new GrowingText();
  for (const [i, flag] of sorted.entries()) {
    if (i > 0) text.add(",");
    places[2 * i] = text.length;
    text.add(`${htmlSafeJson(flag.key)}:`);
    places[2 * i + 1] = text.length;
    text.add(textOf(flag));
    const id = flag.flagSetId ?? "";
    const known = ids.get(id) ?? ids.size;
    ids.set(id, known);
    flagSets[i] = known;
    yield;
  }
  places[2 * sorted.length] = text.length;
  const flagSetIds = [...ids.keys()];
  return { bytes: text.share(), places, flagSets, flagSetIds, flagSetId: undefined };
}

/** Identifies a flag among those of its source. */
type FlagName = Pick<FlagDefinition, "key" | "flagSetId">;

/** The order of packed flags: by key, then by flag set, in byte order. */
export function compareFlags(a: FlagName, b: FlagName): number {
  return compareBytes(a.key, b.key) || compareBytes(a.flagSetId ?? "", b.flagSetId ?? "");
}

class GrowingText {
  #bytes = new Uint8Array(firstSize);
  length = 0;

  add(text: string): void {
    // A UTF-16 unit is three bytes at most.
    const needed = this.length + text.length * 3;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.length += encoder.encodeInto(text, this.#bytes.subarray(this.length)).written;
  }

  share(): Uint8Array<SharedArrayBuffer> {
    const bytes = new Uint8Array(shared(this.length));
    bytes.set(this.#bytes.subarray(0, this.length));
    return bytes;
  }
}

const encoder = new TextEncoder();

function shared(size: number): SharedArrayBuffer {
  return new SharedArrayBuffer(size);
}

/** Longer definitions are parsed in steps. */
const long = 64 * 1024;

/** Reads what `pack` wrote. In byte order of key, then flag set. */
export function* unpack(set: PackedFlagSet): Generator<PackedFlag> {
  const { buffer, byteOffset, length } = set.bytes;
  const bytes = Buffer.from(buffer, byteOffset, length);
  for (let i = 0; i < set.flagSets.length; i++) yield new PackedFlag(set, bytes, i);
}

/** One flag of a packed flag set. */
export class PackedFlag {
  readonly #set: PackedFlagSet;
  readonly #index: number;

  constructor(
    set: PackedFlagSet,
    /** Of all flags of the set. */
    readonly bytes: Buffer,
    index: number,
  ) {
    this.#set = set;
    this.#index = index;
  }

  get key(): string {
    return JSON.parse(this.bytes.toString("utf8", this.start, this.#textStart - 1));
  }

  get flagSetId(): string | undefined {
    return this.#set.flagSetIds[this.#set.flagSets[this.#index] ?? 0] || undefined;
  }

  /** The definition in canonical JSON. */
  get text(): string {
    return this.bytes.toString("utf8", this.#textStart, this.end);
  }

  get isLong(): boolean {
    return this.end - this.start > long;
  }

  /** Where the member of the document for sync clients begins that is this flag. */
  get start(): number {
    return this.#set.places[2 * this.#index] ?? 0;
  }

  /** Where it ends, without the comma behind it. */
  get end(): number {
    const next = this.#set.places[2 * this.#index + 2] ?? 0;
    return next === this.bytes.length ? next : next - 1;
  }

  /** Whether the definition is the same, byte for byte. */
  equals(other: PackedFlag): boolean {
    const places = [other.#textStart, other.end, this.#textStart, this.end] as const;
    return this.bytes.compare(other.bytes, ...places) === 0;
  }

  *definition(): Steps<FlagDefinition> {
    const { text } = this;
    const members = this.isLong ? yield* parseInSteps(text) : (JSON.parse(text) as Json);
    return definitionOf(this.key, members as unknown as PackedMembers);
  }

  get #textStart(): number {
    return this.#set.places[2 * this.#index + 1] ?? 0;
  }
}

/** What `canonicalFlag` writes. */
interface PackedMembers {
  readonly state: string;
  readonly defaultVariant: string;
  readonly variants: JsonObject | null;
  readonly targeting?: Json;
  readonly metadata?: JsonObject;
}

function definitionOf(key: string, members: PackedMembers): FlagDefinition {
  const { state, defaultVariant, variants, targeting, metadata } = members;
  // As an object it has names first that are array indexes.
  const sorted = variants && Object.entries(variants).sort(([a], [b]) => compareBytes(a, b));
  return {
    key,
    state,
    variants: sorted ? new Map(sorted) : undefined,
    defaultVariant: defaultVariant === "" ? undefined : defaultVariant,
    targeting,
    metadata,
    flagSetId: flagSetIdOf(metadata),
  };
}
