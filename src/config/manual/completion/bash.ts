import type { CommandManual } from "../commands.ts";
import { choicesOf, fileOptionsOf, flagsOf } from "./words.ts";

/** A completion script for bash, without need of the bash-completion package. */
export function bashCompletion(commands: readonly CommandManual[]): string {
  const cases = commands.map((command) => {
    const choices = choicesOf(command).map(
      ({ flags, values }) => `        ${flags.join("|")}) replies="${values.join(" ")}" ;;`,
    );
    const files = fileOptionsOf(command).flatMap(({ flags }) => flags);
    if (files.length > 0) {
      choices.push(
        `        ${files.join("|")}) COMPREPLY=($(compgen -f -- "$current")); return ;;`,
      );
    }
    const others = [...(command.words ?? []), ...flagsOf(command)].join(" ");
    return `    ${command.name})
      case "$previous" in
${[...choices, `        *) replies="${others}" ;;`].join("\n")}
      esac ;;`;
  });
  return `# bash completion for flagd
_flagd() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} replies
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    *) replies="${commands.map(({ name }) => name).join(" ")} --help --version" ;;
  esac
  COMPREPLY=($(compgen -W "$replies" -- "$current"))
}
complete -o filenames -F _flagd flagd
`;
}
