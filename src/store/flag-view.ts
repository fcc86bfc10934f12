import type { JsonObject } from "../core/json.ts";
import { atOnce, type Steps } from "../core/turns.ts";
import type { Memo } from "../evaluation/memo.ts";
import type { PreparedFlag } from "../evaluation/resolve.ts";
import { htmlSafeJson } from "../flags/canonical.ts";
import { PackedFlag } from "../flags/packed.ts";
import { reflectionOf } from "./selector.ts";
import { type Flags, overlaid, type StoredFlag } from "./stored-flag.ts";
import type { FlagChanges, Selector, View } from "./view.ts";

/** The flags that a selector found, each part made at its first use. */
export class FlagView implements View {
  readonly reflection: JsonObject;
  readonly memo: Memo = [];
  readonly #tables: readonly Flags[];
  readonly #bySource: boolean;
  #ordered: readonly PreparedFlag[] | undefined;
  #syncPayload: string | undefined;

  /** @param tables what was found, in order of priority: of several flags with one key the last wins. */
  constructor(selector: Selector, tables: readonly Flags[]) {
    this.#tables = tables.filter(({ size }) => size > 0);
    this.#bySource = selector.source !== undefined;
    this.reflection = reflectionOf(selector);
  }

  get flags(): View["flags"] {
    return this;
  }

  get(key: string): PreparedFlag | undefined {
    const flag = this.#winner(key);
    return flag && this.#seen(flag);
  }

  get isLarge(): boolean {
    return this.#tables.some((table) => {
      const [flag] = table.values();
      return flag?.content instanceof PackedFlag;
    });
  }

  get maxFlags(): number {
    return this.#tables.reduce((sum, { size }) => sum + size, 0);
  }

  *ordered(): Steps<readonly PreparedFlag[]> {
    if (this.#ordered) return this.#ordered;
    const ordered: PreparedFlag[] = [];
    for (const flag of (yield* overlaid(this.#tables)).values()) {
      ordered.push(this.#seen(flag));
      yield;
    }
    this.#ordered = ordered;
    return ordered;
  }

  get syncPayload(): string {
    this.#syncPayload ??= Buffer.concat(atOnce(this.syncParts())).toString();
    return this.#syncPayload;
  }

  *syncParts(): Steps<readonly Uint8Array[]> {
    return yield* syncParts((yield* overlaid(this.#tables)).values());
  }

  /**
   * What changed for those who saw `before` and now see this view.
   * @param keys of everything that may have changed
   */
  *changesSince(before: FlagView, keys: Iterable<string>): Steps<FlagChanges> {
    const changes = new Map<string, "write" | "update" | "delete">();
    for (const key of keys) {
      yield;
      const old = before.#winner(key);
      const now = this.#winner(key);
      if (now === undefined) {
        if (old !== undefined) changes.set(key, "delete");
      } else if (old === undefined) {
        changes.set(key, "write");
      } else if (!now.sameAs(old)) {
        changes.set(key, "update");
      }
    }
    return changes;
  }

  #winner(key: string): StoredFlag | undefined {
    for (let i = this.#tables.length - 1; i >= 0; i--) {
      const flag = this.#tables[i]?.get(key);
      if (flag !== undefined) return flag;
    }
    return undefined;
  }

  /** A selected flag set needs no reflection: its flags have the same flagSetId in their metadata. */
  #seen(flag: StoredFlag): PreparedFlag {
    return this.#bySource ? flag.withSource : flag.prepared;
  }
}

/**
 * The document for sync clients in parts that follow one another. Flags that lie beside one another in
 * bytes that exist already are one part of these.
 */
export function* syncParts(flags: Iterable<StoredFlag>): Steps<readonly Uint8Array[]> {
  const parts: Uint8Array[] = [];
  let text = '{"flags":{';
  let run: PackedRun | undefined;
  const endRun = () => {
    if (run) parts.push(run.bytes.subarray(run.start, run.end));
    run = undefined;
  };
  let separator = "";
  for (const flag of flags) {
    yield;
    const { content } = flag;
    if (content instanceof PackedFlag) {
      if (run?.bytes === content.bytes && run.end + 1 === content.start) {
        run.end = content.end;
        continue;
      }
      endRun();
      text += separator;
      if (text !== "") parts.push(Buffer.from(text));
      text = "";
      run = { bytes: content.bytes, start: content.start, end: content.end };
    } else {
      endRun();
      text += `${separator}${htmlSafeJson(flag.key)}:${content.text}`;
    }
    separator = ",";
  }
  endRun();
  parts.push(Buffer.from(`${text}}}`));
  return parts;
}

interface PackedRun {
  readonly bytes: Buffer;
  readonly start: number;
  end: number;
}
