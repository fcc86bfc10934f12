import { environmentName, type Option, sections } from "../options/option.ts";
import type { CommandManual } from "./commands.ts";

/** The manual page `flagd.1`, in the macros of man(7). */
export function manualPage(
  commands: readonly CommandManual[],
  version: string,
  date: Date,
): string {
  const day = date.toISOString().slice(0, 10);
  return `${[
    `.TH FLAGD 1 "${day}" "flagd ${escaped(version)}" "flagd"`,
    ".SH NAME",
    "flagd \\- evaluate feature flags from Redis and other sources",
    ".SH SYNOPSIS",
    ...commands.flatMap(({ name, usage }) => [
      `.B flagd ${name}`,
      ...(usage === "" ? [] : [escaped(usage)]),
      ".br",
    ]),
    ".SH DESCRIPTION",
    "flagd is a feature-flag daemon. It reads flags from Redis and other sources, and evaluates them",
    "for OpenFeature clients.",
    ...commands.flatMap(commandPart),
    ".SH EXIT STATUS",
    "0 after an orderly stop; 1 after an error, which is one line on standard error.",
  ].join("\n")}\n`;
}

function commandPart(command: CommandManual): readonly string[] {
  const { name, summary, description, options, examples } = command;
  return [
    `.SH FLAGD ${name.toUpperCase()}`,
    escaped(description ?? `${summary}.`),
    ...sections.flatMap((section) => {
      const own = Object.entries(options).filter(([, option]) => option.section === section);
      if (own.length === 0) return [];
      return [
        `.SS ${section}`,
        ...own.flatMap(([option, declared]) => optionPart(option, declared)),
      ];
    }),
    ...(examples.length > 0 ? [".SS Examples"] : []),
    ...examples.flatMap(({ does, command }) => [
      ".PP",
      `${escaped(does)}:`,
      ".PP",
      ".nf",
      escaped(command),
      ".fi",
    ]),
  ];
}

function optionPart(
  name: string,
  { kind, short, default: fallback, doc, commandLineOnly }: Option<unknown>,
): readonly string[] {
  const hint = kind.hint === "" ? "" : ` \\fI${escaped(kind.hint)}\\fR`;
  const written = `${short ? `\\fB\\-${short}\\fR, ` : ""}\\fB\\-\\-${escaped(name)}\\fR${hint}`;
  const shown = kind.show(fallback);
  return [
    ".TP",
    written,
    escaped(doc),
    ...(shown === "" ? [] : [`Default: ${escaped(shown)}.`]),
    ...(commandLineOnly ? [] : [`Environment: ${environmentName(name)}.`]),
  ];
}

/** Text as man(7) prints it as it is: a line that begins with a dot or an apostrophe is a macro. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^(?=[.'])/gm, "\\&");
}
