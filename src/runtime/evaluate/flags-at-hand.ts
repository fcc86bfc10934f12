import type { JsonObject } from "../../core/json.ts";
import type { FractionalVersion } from "../../evaluation/operators/fractional/fractional.ts";
import { prepareFlag } from "../../evaluation/prepare.ts";
import { SharedRules } from "../../evaluation/rule/shared-rule.ts";
import { parseDocument } from "../../flags/document.ts";
import { withoutManifest } from "../../flags/manifest.ts";
import type { FlagDefinition, FlagSet, Problem } from "../../flags/model.ts";
import { type FlagOrigin, originOf, unknownOrigin } from "../../flags/origin.ts";
import { SourceError } from "../../sources/source.ts";
import { parseSelector } from "../../store/selector.ts";
import { Store } from "../../store/store.ts";
import type { View } from "../../store/view.ts";
import type { SourceDocument } from "../read-source.ts";

export interface FlagsAtHandOptions {
  readonly fractional: FractionalVersion;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** As clients write it; empty: every flag. */
  readonly selector?: string;
}

/** The flags of documents that were read, combined as the daemon combines those of its sources. */
export class FlagsAtHand {
  readonly view: View;
  /** What upstream daemons add to every evaluation context. */
  readonly context: JsonObject;
  readonly #documents: readonly { readonly from: SourceDocument; readonly flagSet: FlagSet }[];

  /**
   * @param documents a later one has priority over an earlier one
   * @throws SourceError for a document that cannot be used
   * @throws InvalidSelectorError
   */
  constructor(documents: readonly SourceDocument[], options: FlagsAtHandOptions) {
    const { fractional, now, selector } = options;
    const names = documents.map(({ name }) => name);
    const environment = { now, fractional, report: () => {}, rules: new SharedRules() };
    const store = new Store(names, {
      prepare: (flag) => prepareFlag(flag, environment),
      onListenerError: () => {},
    });
    this.#documents = documents
      .map((from) => withoutManifest(from))
      .map((from) => ({ from, flagSet: flagSetOf(from) }));
    for (const { from, flagSet } of this.#documents) store.accept(from.name, flagSet);
    this.view = store.snapshot.view(parseSelector(selector));
    this.context = Object.assign({}, ...documents.map(({ context }) => context ?? {}));
  }

  /** What the document says of a flag of the view. */
  originOf(flag: FlagDefinition): FlagOrigin {
    const found = this.#documents.findLast(({ flagSet }) => flagSet.flags.includes(flag));
    return found ? originOf(flag, found.from.document, found.from.format) : unknownOrigin;
  }
}

function flagSetOf({ name, document, format }: SourceDocument): FlagSet {
  // Nobody asks for the warnings.
  const parsed = parseDocument(document, { format, strict: false, checkTargeting: () => {} });
  if (parsed.ok) return parsed.flagSet;
  throw new SourceError(`${name}: ${listed(parsed.problems)}`);
}

/** Problems of one document that are written out. */
const maxShown = 5;

function listed(problems: readonly Problem[]): string {
  const shown = problems.slice(0, maxShown).map(({ path, reason }) => `${path}: ${reason}`);
  const more = problems.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}
