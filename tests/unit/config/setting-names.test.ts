import { describe, expect, test } from "bun:test";
import { inWordsOfUser } from "../../../src/config/setting-names.ts";

describe("a message names settings as the user wrote them", () => {
  const options = {
    options: { certPath: "--redis-cert-path", serverName: "FLAGD_REDIS_SERVER_NAME" },
  };
  const place = { place: "--sources" };
  test.each([
    ["set certPath to the CA", options, "set --redis-cert-path to the CA"],
    ["cannot read a.pem (certPath): no", options, "cannot read a.pem (--redis-cert-path): no"],
    ["reissue it, or set serverName", options, "reissue it, or set FLAGD_REDIS_SERVER_NAME"],
    ["set certPath to the CA", place, "set certPath of --sources to the CA"],
    [
      "it may require one (clientCertPath and clientKeyPath)",
      place,
      "it may require one (clientCertPath and clientKeyPath of --sources)",
    ],
    ["set certPath to the CA", undefined, "set certPath to the CA"],
    [
      "/certPath/a.pem, certPath.pem-x, mycertPath",
      options,
      "/certPath/a.pem, certPath.pem-x, mycertPath",
    ],
  ])("%s, %j", (message, names, expected) => {
    expect(inWordsOfUser(message, names)).toBe(expected);
  });
});
