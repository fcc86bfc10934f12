import { boolean, oneOf } from "../kinds/scalars.ts";
import { option } from "./option.ts";
import { globalOptions } from "./shared.ts";

/** Options of `flagd version`. */
export const versionOptions = {
  output: option({
    kind: oneOf("text", "json"),
    default: "text",
    short: "o",
    section: "General",
    doc: "Print one line, or a JSON object with version, commit and date.",
    flagOnly: true,
  }),
  licenses: option({
    kind: boolean,
    default: false,
    section: "General",
    doc: "Print the licences of everything that the executable contains instead.",
    flagOnly: true,
  }),
  ...globalOptions,
};
