import { boolean, integer, oneOf, text } from "../kinds/scalars.ts";
import { option } from "./option.ts";
import { globalOptions, redisServerOptions } from "./shared-options.ts";

/** Options of `flagd redis`. */
export const redisOptions = {
  ...redisServerOptions,
  yes: option({
    kind: boolean,
    default: false,
    short: "y",
    section: "Writing",
    doc: "Write without asking. Needed if standard input is no terminal.",
    commandLineOnly: true,
  }),
  "dry-run": option({
    kind: boolean,
    default: false,
    section: "Writing",
    doc: "Check the change and show what it does, and write nothing.",
    commandLineOnly: true,
  }),
  strict: option({
    kind: boolean,
    default: false,
    section: "Writing",
    doc: "Refuse changes that add a warning, as flagd start --strict would.",
    commandLineOnly: true,
  }),
  base: option({
    kind: text("version"),
    default: "",
    section: "Writing",
    doc: "Write only if the flags are still in this version, which get -o json tells: for scripts that read, change and push.",
    commandLineOnly: true,
  }),
  message: option({
    kind: text("text"),
    default: "",
    short: "m",
    section: "Writing",
    doc: "Why, for the history.",
    commandLineOnly: true,
  }),
  "keep-history": option({
    kind: integer("count", 1, 1_000),
    default: 20,
    section: "Writing",
    doc: "Changes to keep in the list beside the key, KEY:history; of large documents fewer are kept.",
    commandLineOnly: true,
  }),
  "no-history": option({
    kind: boolean,
    default: false,
    section: "Writing",
    doc: "Keep nothing: for users who may not write that list. Then rollback knows nothing of the change.",
    commandLineOnly: true,
  }),
  output: option({
    kind: oneOf("text", "json"),
    default: "text",
    short: "o",
    section: "Output",
    doc: "Print text for people, or JSON for programs.",
    commandLineOnly: true,
  }),
  ...globalOptions,
};
