import type { Json, JsonObject } from "../core/json.ts";
import { compareBytes } from "../core/order.ts";
import type { Steps } from "../core/steps.ts";
import { flagSetIdOf } from "./metadata.ts";
import type { FlagDefinition } from "./model.ts";
import type { PackedFlagSet } from "./packed.ts";
import { parseInSteps } from "./parse-in-steps.ts";

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
