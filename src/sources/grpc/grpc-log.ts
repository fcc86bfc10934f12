import { setLogger } from "@grpc/grpc-js";
import type { Log } from "../../core/log.ts";

/** Has grpc-js log as everything else does; without it, it writes lines of its own to stderr. */
export function logGrpc(log: Log): void {
  const own = log.with({ component: "grpc-js" });
  const to =
    (level: "warn" | "info" | "debug") =>
    (...parts: unknown[]) =>
      own[level](parts.join(" "));
  setLogger({ error: to("warn"), info: to("info"), debug: to("debug") });
}
