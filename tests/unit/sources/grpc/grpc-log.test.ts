import { expect, spyOn, test } from "bun:test";
import { experimental, logVerbosity } from "@grpc/grpc-js";
import { logGrpc } from "../../../../src/sources/grpc/grpc-log.ts";
import { rememberingLog } from "../../../support/remembering-log.ts";

test("what grpc-js has to say goes through the log and not past it to stderr", () => {
  const console = spyOn(globalThis.console, "error");
  const log = rememberingLog();
  logGrpc(log);
  experimental.log(logVerbosity.ERROR, "rejected by server because of", "excess pings");
  expect(console).not.toHaveBeenCalled();
  expect(log.entries).toMatchObject([
    { level: "warn", message: "rejected by server because of excess pings" },
  ]);
  console.mockRestore();
});
