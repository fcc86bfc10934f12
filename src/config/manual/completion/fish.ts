import type { Option } from "../../options/option.ts";
import type { CommandManual } from "../commands.ts";
import { brief } from "./words.ts";

/** A completion script for fish. */
export function fishCompletion(commands: readonly CommandManual[]): string {
  const lines = ["complete -c flagd -f", "complete -c flagd -s h -l help -d 'Print help'"];
  for (const { name, summary, options, words } of commands) {
    const here = `-n '__fish_seen_subcommand_from ${name}'`;
    lines.push(`complete -c flagd -n __fish_use_subcommand -a ${name} -d '${brief(summary)}'`);
    if (words) lines.push(`complete -c flagd ${here} -a '${words.join(" ")}'`);
    for (const [option, declared] of Object.entries(options)) {
      lines.push(`complete -c flagd ${here} ${spec(option, declared)}`);
    }
  }
  return `# fish completion for flagd\n${lines.join("\n")}\n`;
}

function spec(name: string, { kind, short, doc }: Option<unknown>): string {
  const form = `${short ? `-s ${short} ` : ""}-l ${name}`;
  const value = kind.switch ? "" : ` -r${values(kind.completion)}`;
  return `${form}${value} -d '${brief(doc)}'`;
}

function values(completion: "file" | readonly string[] | undefined): string {
  if (completion === undefined) return "";
  return completion === "file" ? " -F" : ` -a '${completion.join(" ")}'`;
}
