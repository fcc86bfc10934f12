import type { Option } from "../options/option.ts";
import type { CommandManual } from "./commands.ts";

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

/** A completion script for zsh, to be found in `$fpath` as `_flagd`. */
export function zshCompletion(commands: readonly CommandManual[]): string {
  const cases = commands.map((command) => {
    const specs = Object.entries(command.options).flatMap(([name, option]) =>
      zshSpec(name, option),
    );
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

function zshSpec(name: string, option: Option<unknown>): string[] {
  const { kind, short, doc } = option;
  const value = kind.switch ? "" : `:${kind.hint.replaceAll("|", " or ")}:${zshValues(option)}`;
  const text = `[${quotable(doc)}]${value}`;
  const repeated = kind.join ? "*" : "";
  const forms = [`--${name}${kind.switch ? "" : "="}`, ...(short ? [`-${short}`] : [])];
  return forms.map((form) => `'${repeated}${form}${text}'`);
}

function zshValues(option: Option<unknown>): string {
  const offer = offerOf(option);
  if (offer === "file") return "_files";
  if (offer === "uri") return "_flagd_uri";
  return offer.length > 0 ? `(${offer.join(" ")})` : " ";
}

/** To stand within single quotes. */
function quotable(doc: string): string {
  return brief(doc).replaceAll("'", "'\\''");
}

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
      lines.push(`complete -c flagd ${here} ${fishSpec(option, declared)}`);
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

function fishSpec(name: string, option: Option<unknown>): string {
  const { kind, short, doc } = option;
  const form = `${short ? `-s ${short} ` : ""}-l ${name}`;
  const value = kind.switch ? "" : fishValues(option);
  return `${form}${value} -d ${quoted(doc)}`;
}

function fishValues(option: Option<unknown>): string {
  const offer = offerOf(option);
  if (offer === "file") return " -r -F";
  if (offer === "uri") return " -x -a '(__flagd_uris)'";
  return offer.length > 0 ? ` -x -a '${offer.join(" ")}'` : " -x";
}

function quoted(doc: string): string {
  return `'${brief(doc).replaceAll("'", "\\'")}'`;
}

/** What a shell offers for the value of an option: names of files, URIs of sources, or some words (perhaps none). */
type Offer = "file" | "uri" | readonly string[];

/** What the URI of a source may begin with. */
const uriPrefixes = [
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
function formsOf(name: string, short: string | undefined): string[] {
  return [...(short ? [`-${short}`] : []), `--${name}`];
}

/** Every long form, `--help` too. */
function optionsOf({ options }: CommandManual): string[] {
  return [...Object.keys(options).map((name) => `--${name}`), "--help"];
}

/** The options that take a value. */
function valuesOf({
  options,
}: CommandManual): { readonly forms: readonly string[]; readonly offer: Offer }[] {
  return Object.entries(options)
    .filter(([, { kind }]) => !kind.switch)
    .map(([name, option]) => ({ forms: formsOf(name, option.short), offer: offerOf(option) }));
}

function offerOf({ kind }: Option<unknown>): Offer {
  return kind.completion ?? [];
}

/** The first sentence of a description, without what shells would read as syntax within quotes. */
function brief(doc: string): string {
  const [sentence = ""] = doc.split(/[.;](?:\s|$)/);
  return sentence.replace(/[[\]"`$:\\\s]+/g, " ").trim();
}
