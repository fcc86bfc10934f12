import { positiveDuration } from "../kinds/duration.ts";
import { text } from "../kinds/scalars.ts";
import { option } from "./option.ts";
import { globalOptions } from "./shared.ts";

/** Options of `flagd health` and `flagd ready`. */
export const probeOptions = {
  addr: option({
    kind: text("host:port"),
    default: "",
    section: "General",
    doc: "Where the daemon answers probes. Default: what FLAGD_LISTEN and FLAGD_MANAGEMENT_PORT say, else localhost:8014.",
    flagOnly: true,
  }),
  timeout: option({
    kind: positiveDuration,
    default: 2_000,
    section: "General",
    doc: "How long to wait for an answer.",
    flagOnly: true,
  }),
  ...globalOptions,
};
