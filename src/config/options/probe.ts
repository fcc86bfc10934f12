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
    doc: "Where the daemon answers probes. Default: localhost, and the port of FLAGD_MANAGEMENT_PORT or 8014.",
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
