import { defineCommand } from "citty";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { validateOptions } from "../config/options/tool-options.ts";
import { resolveOptions } from "../config/resolve.ts";
import { sourceOfWord } from "../config/sources/source-of-word.ts";
import { ConfigError } from "../core/errors.ts";
import { redact } from "../core/message-text.ts";
import { withoutLastTier } from "../runtime/compilation.ts";
import { candidatesOf } from "../runtime/validation/candidates.ts";
import { formatReport } from "../runtime/validation/formats.ts";
import { reportOf, validate as validateDocuments } from "../runtime/validation/validate.ts";
import type { Io } from "./io.ts";

/** Bytes of files, about 1,000 flags: checking them takes long enough to begin anew for it. */
const manyFlags = 1 << 20;

/** `flagd validate`: what is wrong in flag documents, for people and for CI. */
export const validate = (io: Io) =>
  defineCommand({
    meta: { name: "validate" },
    async run({ rawArgs }): Promise<number> {
      const resolved = await resolveOptions(validateOptions, rawArgs, io.environment, {}, true);
      if (!resolved) {
        await io.print(commandHelp(manualOf("validate")));
        return 0;
      }
      const { values, words } = resolved;
      if (words.length === 0)
        throw new ConfigError(
          "name at least one source: a file, a folder, a URI, or - for standard input",
        );
      const { candidates, skipped } = await candidatesOf(
        words,
        (word) => sourceOfWord(word, values),
        redact,
      );
      const bytes = candidates.reduce((sum, { size = 0 }) => sum + size, 0);
      const restarted = Object.keys(withoutLastTier).every((name) => io.environment[name]);
      if (bytes > manyFlags && !restarted) io.restart?.(withoutLastTier);
      const { strict, portability, quiet } = values;
      // What is only mentioned is looked for only if it is shown.
      const inform = !quiet || (strict && portability);
      const report = await validateDocuments(candidates, skipped, { portability, inform });
      const isBad = (severity: string) =>
        severity === "error" || (strict && severity === "warning");
      const shown = quiet
        ? reportOf(
            report.documents.map((document) => ({
              ...document,
              findings: document.findings.filter(({ severity }) => isBad(severity)),
              more: {
                error: document.more.error,
                warning: strict ? document.more.warning : 0,
                information: strict && portability ? document.more.information : 0,
              },
            })),
            skipped,
          )
        : report;
      await io.print(formatReport(shown, values.format, !quiet));
      return report.errors > 0 || (strict && report.warnings > 0) ? 1 : 0;
    },
  });
