import { defineCommand } from "citty";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { doctorOptions } from "../config/options/tool-options.ts";
import { resolveOptions } from "../config/resolve.ts";
import { startConfigOf } from "../config/start-config.ts";
import { ConfigError } from "../core/errors.ts";
import { visible } from "../core/message-text.ts";
import { type Check, checkup } from "../runtime/doctor/checkup.ts";
import { type Io, paletteOf } from "./io.ts";

/** `flagd doctor`: tries everything that `flagd start` with the same options needs. */
export const doctor = (io: Io) =>
  defineCommand({
    meta: { name: "doctor" },
    async run({ rawArgs }): Promise<number> {
      const { json, args } = outputOf(rawArgs);
      let checks: readonly Check[];
      try {
        const resolved = await resolveOptions(doctorOptions, args, io.environment);
        if (!resolved) {
          await io.print(commandHelp(manualOf("doctor")));
          return 0;
        }
        checks = await checkup(startConfigOf(resolved, io.environment));
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        const { message } = error;
        const repair = "flagd start --help";
        checks = [{ what: "options", subject: "options", status: "failed", message, repair }];
      }
      const ok = checks.every(({ status }) => status !== "failed");
      await io.print(json ? `${JSON.stringify({ ok, checks })}\n` : await textOf(checks, io));
      return ok ? 0 : 1;
    },
  });

/** `-o json` means the output here, though `-o` is the collector of `flagd start`: no collector has that name. */
function outputOf(args: readonly string[]): { json: boolean; args: string[] } {
  const left: string[] = [];
  let json = false;
  for (let i = 0; i < args.length; i++) {
    const match = /^(?:-o|--output)(?:=(json|text))?$/.exec(args[i] ?? "");
    const word = match?.[1] ?? (match ? args[i + 1] : undefined);
    if (match && (word === "json" || word === "text")) {
      json = word === "json";
      if (match[1] === undefined) i++;
    } else left.push(args[i] ?? "");
  }
  return { json, args: left };
}

async function textOf(checks: readonly Check[], io: Io): Promise<string> {
  const to = await paletteOf(io);
  const marks = { ok: to.green("ok     "), warning: to.cyan("warning"), failed: to.red("failed ") };
  const lines = checks.flatMap(({ what, subject, status, message, repair }) => [
    `${marks[status]}  ${subject.startsWith(what) ? "" : `${what} `}${visible(subject)}: ${visible(message)}`,
    ...(repair ? [`         repair: ${to.bold(visible(repair))}`] : []),
  ]);
  const failures = checks.filter(({ status }) => status === "failed").length;
  const summary =
    failures === 0 ? "flagd start would work" : `flagd start would not work: ${failures} failed`;
  return `${[...lines, summary].join("\n")}\n`;
}
