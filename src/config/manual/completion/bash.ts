import type { CommandManual } from "../commands.ts";
import { formsOf, type Offer, optionsOf, uriPrefixes, valuesOf } from "./words.ts";

/** A completion script for bash (3.2 and later), without need of the bash-completion package. */
export function bashCompletion(commands: readonly CommandManual[]): string {
  const cases = commands.map((command) => {
    const values = valuesOf(command).map(
      ({ forms, offer }) => `        ${forms.join("|")}) ${action(offer)} ;;`,
    );
    const others = [...(command.words ?? []), ...optionsOf(command)].join(" ");
    return `    ${command.name})
      case "$previous" in
${[...values, `        *) replies="${others}"${command.files ? " takes=file" : ""} ;;`].join("\n")}
      esac ;;`;
  });
  return `# bash completion for flagd
_flagd_files() { # prefix, beginning of a path
  local path
  while IFS= read -r path; do
    [[ -d $path ]] && path+=/
    COMPREPLY+=("$1$path")
  done < <(compgen -f -- "$2")
}
_flagd() {
  local line=\${COMP_LINE:0:COMP_POINT} current previous="" replies="" takes="" IFS=$' \\t\\n'
  local -a words=()
  # Not COMP_WORDS, which is split at ":" and "=", too.
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current=\${words[\${#words[@]}-1]}
  (( \${#words[@]} > 2 )) && previous=\${words[\${#words[@]}-2]}
  if [[ $current == --*=* ]]; then
    previous=\${current%%=*}
    current=\${current#*=}
  fi
  COMPREPLY=()
  (( \${#words[@]} > 2 )) || words[1]=""
  case "\${words[1]}" in
${cases.join("\n")}
    *) replies="${[...commands.map(({ name }) => name), ...formsOf("help", "h"), ...formsOf("version", "v")].join(" ")}" ;;
  esac
  case "$takes" in
    file)
      _flagd_files "" "$current"
      compopt -o filenames 2>/dev/null ;;
    uri)
      replies="${uriPrefixes.join(" ")}"
      _flagd_files file: "\${current#file:}"
      # Quotes what it must; of a URI it would show the end only.
      [[ $current == file:* ]] && compopt -o filenames 2>/dev/null ;;
  esac
  COMPREPLY+=($(compgen -W "$replies" -- "$current"))
  [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == *[/:] ]] && compopt -o nospace 2>/dev/null
  # What stands before the last ":" stays as it is.
  if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"\${current%"\${current##*:}"}"}")
  fi
}
complete -F _flagd flagd
`;
}

function action(offer: Offer): string {
  if (offer === "file" || offer === "uri") return `takes=${offer}`;
  return `replies="${offer.join(" ")}"`;
}
