import { compareBytes } from "../core/order.ts";
import { atOnce, type Steps } from "../core/turns.ts";
import type { PreparedFlag } from "../evaluation/resolve.ts";
import { canonicalFlag } from "../flags/canonical.ts";
import type { FlagDefinition } from "../flags/model.ts";
import { PackedFlag } from "../flags/packed.ts";

/** How definitions become flags that can be evaluated. */
export interface Preparation {
  prepare(definition: FlagDefinition): PreparedFlag;
}

/** A flag as it came: its definition, or the bytes that it can be read from. */
export type FlagContent = DefinedFlag | PackedFlag;

/** A flag that came as a definition, from a document that was read in this thread. */
export class DefinedFlag {
  readonly key: string;
  readonly flagSetId: string | undefined;
  readonly #definition: FlagDefinition;
  readonly #source: string;
  #text: string | undefined;

  constructor(definition: FlagDefinition, source: string) {
    this.key = definition.key;
    this.flagSetId = definition.flagSetId;
    this.#definition = definition;
    this.#source = source;
  }

  get text(): string {
    this.#text ??= canonicalFlag(this.#definition, this.#source);
    return this.#text;
  }

  // biome-ignore lint/correctness/useYield: there is nothing to be done.
  *definition(): Steps<FlagDefinition> {
    return this.#definition;
  }
}

/**
 * One flag as one source defines it. All that is made of the definition is made at its first use: a
 * document of thousands of flags is in service at once, and evaluations do not wait for it.
 */
export class StoredFlag {
  readonly key: string;
  /** `""` for none. */
  readonly flagSetId: string;
  readonly #preparation: Preparation;
  #content: FlagContent;
  #prepared: PreparedFlag | undefined;
  #withSource: PreparedFlag | undefined;

  constructor(
    content: FlagContent,
    readonly source: string,
    preparation: Preparation,
  ) {
    this.key = content.key;
    this.flagSetId = content.flagSetId ?? "";
    this.#content = content;
    this.#preparation = preparation;
  }

  get content(): FlagContent {
    return this.#content;
  }

  /** The definition in canonical JSON, source included: equal text, equal flag. */
  get text(): string {
    return this.#content.text;
  }

  get prepared(): PreparedFlag {
    this.#prepared ??= this.#preparation.prepare(atOnce(this.#content.definition()));
    return this.#prepared;
  }

  /** As a caller sees it who selected its source. */
  get withSource(): PreparedFlag {
    this.#withSource ??= this.prepared.reflecting({ source: this.source });
    return this.#withSource;
  }

  /**
   * Prepares what has to be parsed first before its first use, if `before` was in use or if it takes
   * long.
   */
  *ready(before: StoredFlag | undefined): Steps<void> {
    if (!(this.#content instanceof PackedFlag)) return;
    const used = before !== undefined && before.#prepared !== undefined;
    if (!used && !this.#content.isLong) return;
    this.#prepared = this.#preparation.prepare(yield* this.#content.definition());
  }

  /**
   * Takes over the content that came under the flag's key, if it says the same. Then nothing keeps the
   * bytes alive that the flag was read from before.
   * @returns false if the content says something else
   */
  adopt(content: FlagContent): boolean {
    if (!sameContent(this.#content, content)) return false;
    if (this.#content instanceof PackedFlag || content instanceof PackedFlag)
      this.#content = content;
    return true;
  }

  sameAs(other: StoredFlag): boolean {
    return this === other || sameContent(this.#content, other.#content);
  }
}

function sameContent(a: FlagContent, b: FlagContent): boolean {
  return a instanceof PackedFlag && b instanceof PackedFlag ? a.equals(b) : a.text === b.text;
}

/** By key, in byte order of the keys. */
export type Flags = ReadonlyMap<string, StoredFlag>;

/** One table of several: of flags with one key that of the last table. One table is returned as it is. */
export function* overlaid(tables: readonly Flags[]): Steps<Flags> {
  const [first = new Map()] = tables;
  if (tables.length < 2) return first;
  const half = tables.length >> 1;
  const lower = yield* overlaid(tables.slice(0, half));
  const upper = yield* overlaid(tables.slice(half));
  return yield* overlay(lower, upper);
}

function* overlay(lower: Flags, upper: Flags): Steps<Flags> {
  const merged = new Map<string, StoredFlag>();
  const below = lower.values();
  let next = below.next();
  for (const flag of upper.values()) {
    for (; !next.done; next = below.next()) {
      if (compareBytes(next.value.key, flag.key) >= 0) break;
      merged.set(next.value.key, next.value);
      yield;
    }
    if (!next.done && next.value.key === flag.key) next = below.next();
    merged.set(flag.key, flag);
    yield;
  }
  for (; !next.done; next = below.next()) {
    merged.set(next.value.key, next.value);
    yield;
  }
  return merged;
}
