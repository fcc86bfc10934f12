import { oneOf } from "../kinds/scalars.ts";
import { option } from "./option.ts";
import { globalOptions, redisLoginOptions } from "./shared.ts";

/** Options of `flagd test`. */
export const testOptions = {
  ...redisLoginOptions,
  format: option({
    kind: oneOf("text", "junit", "tap"),
    default: "text",
    short: "o",
    section: "Output",
    doc: "Write lines for people, JUnit's XML, or TAP version 14.",
    flagOnly: true,
  }),
  ...globalOptions,
};
