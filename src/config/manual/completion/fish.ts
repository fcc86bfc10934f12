import type { Option } from "../../options/option.ts";
import type { CommandManual } from "../commands.ts";
import { brief, offerOf, uriPrefixes } from "./words.ts";

/** A completion script for fish. */
export function fishCompletion(commands: readonly CommandManual[]): string {
  const lines = [
    "complete -c flagd -f",
    "complete -c flagd -s h -l help -d 'Print help'",
    "complete -c flagd -n __fish_use_subcommand -s v -l version -d 'Print the version'",
  ];
  for (const { name, summary, options, words, files } of commands) {
    const here = `-n '__fish_seen_subcommand_from ${name}'`;
    lines.push(`complete -c flagd -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`);
    if (words) lines.push(`complete -c flagd ${here} -a '${words.join(" ")}'`);
    if (files) lines.push(`complete -c flagd ${here} -F`);
    for (const [option, declared] of Object.entries(options)) {
      lines.push(`complete -c flagd ${here} ${spec(option, declared)}`);
    }
  }
  return `# fish completion for flagd
function __flagd_uris
  printf '%s\\n' ${uriPrefixes.join(" ")}
  set -l path (string replace -r '^(--uri=)?(file:)?' '' -- (commandline -ct))
  string replace -r '^' 'file:' -- (__fish_complete_path "$path")
end
${lines.join("\n")}
`;
}

function spec(name: string, option: Option<unknown>): string {
  const { kind, short, doc } = option;
  const form = `${short ? `-s ${short} ` : ""}-l ${name}`;
  const value = kind.switch ? "" : values(option);
  return `${form}${value} -d ${quoted(doc)}`;
}

function values(option: Option<unknown>): string {
  const offer = offerOf(option);
  if (offer === "file") return " -r -F";
  if (offer === "uri") return " -x -a '(__flagd_uris)'";
  return offer.length > 0 ? ` -x -a '${offer.join(" ")}'` : " -x";
}

function quoted(doc: string): string {
  return `'${brief(doc).replaceAll("'", "\\'")}'`;
}
