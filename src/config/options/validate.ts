import { boolean, oneOf } from "../kinds/scalars.ts";
import { option } from "./option.ts";
import { globalOptions, redisLoginOptions } from "./shared.ts";

/** Options of `flagd validate`. */
export const validateOptions = {
  strict: option({
    kind: boolean,
    default: false,
    section: "Evaluation",
    doc: "Exit with status 1 for warnings, too.",
    flagOnly: true,
  }),
  portability: option({
    kind: boolean,
    default: false,
    section: "Evaluation",
    doc: "Warn of rules whose answer depends on which provider evaluates them in process, instead of only mentioning it.",
    flagOnly: true,
  }),
  format: option({
    kind: oneOf("text", "json", "github", "sarif"),
    default: "text",
    section: "General",
    doc: "What to print: lines for people, JSON, annotations of GitHub Actions, or SARIF 2.1.0.",
    flagOnly: true,
  }),
  quiet: option({
    kind: boolean,
    default: false,
    short: "q",
    section: "General",
    doc: "Print only what makes the exit status 1.",
    flagOnly: true,
  }),
  ...redisLoginOptions,
  ...globalOptions,
};
