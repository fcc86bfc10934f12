import type { Option } from "../../options/option.ts";
import type { CommandManual } from "../commands.ts";
import { brief, offerOf, uriPrefixes } from "./words.ts";

/** A completion script for zsh, to be found in `$fpath` as `_flagd`. */
export function zshCompletion(commands: readonly CommandManual[]): string {
  const cases = commands.map((command) => {
    const specs = Object.entries(command.options).flatMap(([name, option]) => spec(name, option));
    const words = command.words ? [`'1:argument:(${command.words.join(" ")})'`] : [];
    if (command.files) words.push("'*:file:_files'");
    const lines = [...words, ...specs, "'(-h --help)'{-h,--help}'[Print help]'"];
    return `    ${command.name})
      _arguments \\
        ${lines.join(" \\\n        ")} ;;`;
  });
  const names = commands.map(({ name, summary }) => `'${name}:${quotable(summary)}'`);
  return `#compdef flagd
_flagd_uri() {
  if compset -P '*file:'; then
    _files
  else
    compadd -S '' -- ${uriPrefixes.join(" ")}
    _files -P file:
  fi
}
_flagd() {
  local -a commands=(
    ${names.join("\n    ")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case "$words[1]" in
${cases.join("\n")}
  esac
}
if [[ "$funcstack[1]" == _flagd ]]; then
  _flagd "$@"
else
  compdef _flagd flagd
fi
`;
}

function spec(name: string, option: Option<unknown>): string[] {
  const { kind, short, doc } = option;
  const value = kind.switch ? "" : `:${kind.hint.replaceAll("|", " or ")}:${values(option)}`;
  const text = `[${quotable(doc)}]${value}`;
  const repeated = kind.join ? "*" : "";
  const forms = [`--${name}${kind.switch ? "" : "="}`, ...(short ? [`-${short}`] : [])];
  return forms.map((form) => `'${repeated}${form}${text}'`);
}

function values(option: Option<unknown>): string {
  const offer = offerOf(option);
  if (offer === "file") return "_files";
  if (offer === "uri") return "_flagd_uri";
  return offer.length > 0 ? `(${offer.join(" ")})` : " ";
}

/** To stand within single quotes. */
function quotable(doc: string): string {
  return brief(doc).replaceAll("'", "'\\''");
}
