import { environmentName, type Option, sections } from "../options/option.ts";
import { providers, sourceMembers } from "../sources/members.ts";
import type { CommandManual } from "./commands.ts";

/** The reference page of the command line. */
export function commandLineReference(commands: readonly CommandManual[]): string {
  const described = commands.filter(({ examples }) => examples.length > 0);
  return `<!-- Generated from the option table by scripts/generate-docs.ts; change it there. -->
# Command line

| command | |
|---|---|
${commands.map(({ name, usage, summary }) => `| \`${`flagd ${name} ${usage}`.trim().replaceAll("|", "\\|")}\` | ${summary} |`).join("\n")}

Exit status: 0 after help, version, completion and an orderly stop; 1 after an error, which is one line on
standard error.

## Where options come from

1. the command line, 2. \`FLAGD_*\` environment variables, 3. the file of \`--config\` (YAML or JSON), 4. the default.
The first that has an option decides it; values are not merged.

| type | command line | environment | configuration file |
|---|---|---|---|
| uri, origin (lists) | repeatable, commas separate | white space separates | a list, or one text that white space separates |
| key=value, header=key | repeatable, commas separate | a JSON object | a mapping; its keys are read in lower case |
| json | a JSON array | a JSON array | a list, or a JSON array as text |
| duration | \`500ms\`, \`5s\`, \`1h30m\` | the same | the same |
| boolean | \`--name\`, \`--name=false\` | \`true\`, \`false\` | \`true\`, \`false\` |

Keys of the file are the names of the options without dashes in front:

\`\`\`yaml
port: 8013
log-format: json
sources:
  - uri: redis://localhost:6379/0?key=flags
    provider: redis
    interval: 10
\`\`\`

${described.map(commandReference).join("\n")}
## Members of a source

An object of \`--sources\` has these members; their names match in any case. \`provider\` is one of
${providers.map((name) => `\`${name}\``).join(", ")}.

| member | type | providers | |
|---|---|---|---|
${Object.entries(sourceMembers)
  .map(([name, { type, providers: users, doc }]) => {
    const shown = users.length === providers.length ? "all" : users.join(", ");
    return `| \`${name}\` | ${type} | ${shown} | ${doc} |`;
  })
  .join("\n")}
`;
}

function commandReference({ name, summary, options, examples }: CommandManual): string {
  const shown = examples.map(({ does, command }) => `# ${does}\n${command}`).join("\n\n");
  const parts = [`## flagd ${name}\n\n${summary}.\n\n\`\`\`sh\n${shown}\n\`\`\`\n`];
  for (const section of sections) {
    const own = Object.entries(options).filter(([, option]) => option.section === section);
    if (own.length === 0) continue;
    const rows = own.map(([option, declared]) => optionRow(option, declared));
    parts.push(
      `### ${section}\n\n| option | environment | type | default | |\n|---|---|---|---|---|\n${rows.join("\n")}\n`,
    );
  }
  return parts.join("\n");
}

function optionRow(
  name: string,
  { kind, short, default: fallback, doc, flagOnly }: Option<unknown>,
) {
  const flags = `${short ? `\`-${short}\`, ` : ""}\`--${name}\``;
  const variable = flagOnly ? "" : `\`${environmentName(name)}\``;
  const type = `${kind.hint.replaceAll("|", "\\|")}${kind.join ? ", repeatable" : ""}`;
  const shown = kind.show(fallback);
  return `| ${flags} | ${variable} | ${type} | ${shown === "" ? "" : `\`${shown}\``} | ${doc} |`;
}
