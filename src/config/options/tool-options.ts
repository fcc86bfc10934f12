import { contextMembers } from "../kinds/collections.ts";
import { boolean, integer, oneOf, path, text } from "../kinds/scalars.ts";
import { positiveDuration, time } from "../kinds/time.ts";
import { option } from "./option.ts";
import { globalOptions, redisLoginOptions } from "./shared-options.ts";
import { startOptions } from "./start-options.ts";

/** Options of `flagd validate`. */
export const validateOptions = {
  strict: option({
    kind: boolean,
    default: false,
    section: "Evaluation",
    doc: "Exit with status 1 for warnings, too.",
    commandLineOnly: true,
  }),
  portability: option({
    kind: boolean,
    default: false,
    section: "Evaluation",
    doc: "Warn of rules whose answer depends on which provider evaluates them in process, instead of only mentioning it.",
    commandLineOnly: true,
  }),
  format: option({
    kind: oneOf("text", "json", "github", "sarif"),
    default: "text",
    section: "General",
    doc: "What to print: lines for people, JSON, annotations of GitHub Actions, or SARIF 2.1.0.",
    commandLineOnly: true,
  }),
  quiet: option({
    kind: boolean,
    default: false,
    short: "q",
    section: "General",
    doc: "Print only what makes the exit status 1.",
    commandLineOnly: true,
  }),
  ...redisLoginOptions,
  ...globalOptions,
};

/** Options of `flagd evaluate`. */
export const evaluateOptions = {
  addr: option({
    kind: text("host:port"),
    default: "",
    short: "a",
    section: "Flag sources",
    doc: "Ask the daemon that answers OFREP there, such as localhost:8014, instead of reading a source.",
    commandLineOnly: true,
  }),
  timeout: option({
    kind: positiveDuration,
    default: 5_000,
    section: "Flag sources",
    doc: "How long to wait for that daemon.",
    commandLineOnly: true,
  }),
  selector: option({
    kind: text("selector"),
    default: "",
    section: "Flag sources",
    doc: "See only some flags, as clients do: those of a flag set (flagSetId=web), or of one source (source=flags.json).",
    commandLineOnly: true,
  }),
  ...redisLoginOptions,
  context: option({
    kind: contextMembers,
    default: {},
    short: "c",
    section: "Evaluation",
    doc: "Member of the evaluation context, such as plan=pro, user.age=30 or targetingKey=user-1, or a JSON object with several. Numbers, true, false, null, lists and objects are written as in JSON; everything else is a text, and so is what stands in double quotes.",
    commandLineOnly: true,
  }),
  all: option({
    kind: boolean,
    default: false,
    section: "Evaluation",
    doc: "Evaluate every flag; no KEY is given.",
    commandLineOnly: true,
  }),
  explain: option({
    kind: boolean,
    default: false,
    short: "e",
    section: "Evaluation",
    doc: "Tell how the answer comes about: the rule as a tree with the value of every step.",
    commandLineOnly: true,
  }),
  fractional: option({
    kind: oneOf("v2", "v3"),
    default: "v2",
    section: "Evaluation",
    doc: "How fractional puts users into buckets, as for flagd start.",
  }),
  at: option({
    kind: time,
    default: undefined,
    section: "Evaluation",
    doc: "What $flagd.timestamp is: Unix seconds, or a date and time like 2026-03-01T09:00:00Z. Default: now.",
    commandLineOnly: true,
  }),
  simulate: option({
    kind: { ...integer("count", 1, 100_000_000), show: () => "" },
    default: 0,
    short: "n",
    section: "Simulation",
    doc: "Evaluate the flag for so many keys, user-1, user-2 and so on, and count the answers.",
    commandLineOnly: true,
  }),
  keys: option({
    kind: path,
    default: "",
    section: "Simulation",
    doc: "Evaluate the flag for the keys in a file instead, one a line; a line that is a JSON object is a whole context.",
    commandLineOnly: true,
  }),
  by: option({
    kind: text("attribute"),
    default: "targetingKey",
    section: "Simulation",
    doc: "The attribute of the context that the keys stand for.",
    commandLineOnly: true,
  }),
  against: option({
    kind: text("source"),
    default: "",
    section: "Simulation",
    doc: "Another source: tell whose answer is different there.",
    commandLineOnly: true,
  }),
  json: option({
    kind: boolean,
    default: false,
    short: "j",
    section: "Output",
    doc: "Print JSON, for programs.",
    commandLineOnly: true,
  }),
  watch: option({
    kind: boolean,
    default: false,
    short: "w",
    section: "Output",
    doc: "Go on, and print the answer again whenever it changes.",
    commandLineOnly: true,
  }),
  ...globalOptions,
};

/** Options of `flagd test`. */
export const testOptions = {
  ...redisLoginOptions,
  format: option({
    kind: oneOf("text", "junit", "tap"),
    default: "text",
    short: "o",
    section: "Output",
    doc: "Write lines for people, JUnit's XML, or TAP version 14.",
    commandLineOnly: true,
  }),
  ...globalOptions,
};

/** Options of `flagd health` and `flagd ready`. */
export const probeOptions = {
  addr: option({
    kind: text("host:port"),
    default: "",
    section: "General",
    doc: "Where the daemon answers probes. Default: what FLAGD_LISTEN and FLAGD_MANAGEMENT_PORT say, else localhost:8014.",
    commandLineOnly: true,
  }),
  timeout: option({
    kind: positiveDuration,
    default: 2_000,
    section: "General",
    doc: "How long to wait for an answer.",
    commandLineOnly: true,
  }),
  ...globalOptions,
};

/** Options of `flagd version`. */
export const versionOptions = {
  output: option({
    kind: oneOf("text", "json"),
    default: "text",
    short: "o",
    section: "General",
    doc: "Print one line, or a JSON object with version, commit and date.",
    commandLineOnly: true,
  }),
  licenses: option({
    kind: boolean,
    default: false,
    section: "General",
    doc: "Print the licences of everything that the executable contains instead.",
    commandLineOnly: true,
  }),
  ...globalOptions,
};

/** Options of `flagd init`. */
export const initOptions = {
  force: option({
    kind: boolean,
    default: false,
    short: "f",
    section: "General",
    doc: "Replace a file that is there.",
    commandLineOnly: true,
  }),
  ...globalOptions,
};

/** Options of `flagd doctor`: those of `flagd start`. */
export const doctorOptions = {
  ...startOptions,
  output: option({
    kind: oneOf("text", "json"),
    default: "text",
    section: "Output",
    doc: "Print lines for people, or JSON for programs; -o json is understood, too.",
    commandLineOnly: true,
  }),
};
