import type { Option } from "../../options/option.ts";
import type { CommandManual } from "../commands.ts";

/** An option that takes one of some words. */
interface Choice {
  readonly flags: readonly string[];
  readonly values: readonly string[];
}

function forms(name: string, option: Option<unknown>): string[] {
  return [...(option.short ? [`-${option.short}`] : []), `--${name}`];
}

/** Every long form, `--help` too. */
export function flagsOf({ options }: CommandManual): string[] {
  return [...Object.keys(options).map((name) => `--${name}`), "--help"];
}

/** The options that take one of some words. */
export function choicesOf({ options }: CommandManual): Choice[] {
  return Object.entries(options).flatMap(([name, option]) => {
    const { completion } = option.kind;
    if (completion === undefined || completion === "file") return [];
    return [{ flags: forms(name, option), values: completion }];
  });
}

/** The options that take the name of a file. */
export function fileOptionsOf({ options }: CommandManual): { readonly flags: readonly string[] }[] {
  return Object.entries(options)
    .filter(([, option]) => option.kind.completion === "file")
    .map(([name, option]) => ({ flags: forms(name, option) }));
}

/** The first sentence of a description, without what shells would read as syntax. */
export function brief(doc: string): string {
  const [sentence = ""] = doc.split(/[.;](?:\s|$)/);
  return sentence.replace(/[[\]'"`$:\\\s]+/g, " ").trim();
}
