import type { Option } from "../../options/option.ts";
import type { CommandManual } from "../commands.ts";

/** What a shell offers for the value of an option: names of files, URIs of sources, or some words (perhaps none). */
export type Offer = "file" | "uri" | readonly string[];

/** What the URI of a source may begin with. */
export const uriPrefixes = [
  "file:",
  "redis://",
  "rediss://",
  "http://",
  "https://",
  "grpc://",
  "grpcs://",
  "s3://",
  "gs://",
  "azblob://",
  "core.openfeature.dev/",
];

/** `-p`, `--port` */
export function formsOf(name: string, short: string | undefined): string[] {
  return [...(short ? [`-${short}`] : []), `--${name}`];
}

/** Every long form, `--help` too. */
export function optionsOf({ options }: CommandManual): string[] {
  return [...Object.keys(options).map((name) => `--${name}`), "--help"];
}

/** The options that take a value. */
export function valuesOf({
  options,
}: CommandManual): { readonly forms: readonly string[]; readonly offer: Offer }[] {
  return Object.entries(options)
    .filter(([, { kind }]) => !kind.switch)
    .map(([name, option]) => ({ forms: formsOf(name, option.short), offer: offerOf(option) }));
}

export function offerOf({ kind }: Option<unknown>): Offer {
  return kind.completion ?? [];
}

/** The first sentence of a description, without what shells would read as syntax within quotes. */
export function brief(doc: string): string {
  const [sentence = ""] = doc.split(/[.;](?:\s|$)/);
  return sentence.replace(/[[\]"`$:\\\s]+/g, " ").trim();
}
