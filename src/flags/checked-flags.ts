import type { Json } from "../core/json.ts";
import type { Path } from "./findings.ts";
import { FindingList } from "./findings.ts";

interface Checked {
  readonly hash: bigint | number;
  readonly found: FindingList;
}

/**
 * What was found in the flags of the document before, so that of the next one only those are checked that have
 * changed: checking a flag takes several times as long as loading it, and most changes are of one flag.
 */
export class CheckedFlags {
  #before = new Map<string, Checked>();
  #now = new Map<string, Checked>();

  /** A document begins: flags that it does not have are forgotten. */
  begin(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  /**
   * @param path with whatever else the findings depend on
   * @param check looks for what is wrong with the flag, which depends on nothing else
   */
  findings(flag: Json, path: Path, check: (found: FindingList) => void): FindingList {
    const place = path.join("\0");
    const hash = Bun.hash(JSON.stringify(flag));
    const known = this.#before.get(place);
    let checked = known?.hash === hash ? known : undefined;
    if (checked === undefined) {
      checked = { hash, found: new FindingList() };
      check(checked.found);
    }
    this.#now.set(place, checked);
    return checked.found;
  }
}
