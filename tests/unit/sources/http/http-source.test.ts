import { describe, expect, test } from "bun:test";
import { ConfigError } from "../../../../src/core/errors.ts";
import type { HttpSourceConfig } from "../../../../src/sources/http/http-kind.ts";
import { httpTarget } from "../../../../src/sources/http/http-source.ts";
import { httpConfig } from "../../../support/source-configs.ts";

describe("user and password", () => {
  test("of the URI are sent as Basic authentication, percent-encoding undone", () => {
    const { url, headers } = httpTarget(httpConfig("http://amy:100%@host/flags"));
    expect(url.href).toBe("http://host/flags");
    expect(headers.authorization).toBe(`Basic ${btoa("amy:100%")}`);
  });
});

describe("authorization", () => {
  test("comes from headers before authHeader before the URI", () => {
    const uri = "http://amy:pw@host";
    const authHeader = "Bearer a";
    const headers = { AUTHORIZATION: "Bearer h" };
    const of = (members: Partial<HttpSourceConfig>) =>
      httpTarget(httpConfig(uri, members)).headers.authorization;
    expect(of({})).toBe("Basic YW15OnB3");
    expect(of({ authHeader })).toBe("Bearer a");
    expect(of({ authHeader, headers })).toBe("Bearer h");
  });
});

describe("refused is", () => {
  const oauth = { clientID: "i", clientSecret: "s3cret" };
  test.each<[string, HttpSourceConfig, string]>([
    ["another scheme", httpConfig("ftp://host/x"), "expected http://host/path"],
    ["no URI at all", httpConfig("host/x"), "expected http://host/path"],
    ["one slash", httpConfig("http:/amy:s3cret@host/x"), "expected http://host/path"],
    ["three slashes", httpConfig("http:///amy:s3cret@host/x"), "expected http://host/path"],
    ["backslashes", httpConfig("http:\\\\amy:s3cret@host/x"), "expected http://host/path"],
    [
      "a line break in authHeader",
      httpConfig("http://h", { authHeader: "s3cret\nX: y" }),
      "authHeader",
    ],
    [
      "a line break in a header",
      httpConfig("http://h", { headers: { a: "s3cret\r\n" + "b" } }),
      "headers",
    ],
    [
      "a header name of two words",
      httpConfig("http://h", { headers: { "a b": "s3cret" } }),
      "headers",
    ],
    [
      "a token URL without a scheme",
      httpConfig("http://h", { oauth: { ...oauth, tokenUrl: "idp/token" } }),
      "oauth.tokenUrl",
    ],
  ])("%s, without naming a secret", (_what, wrong, names) => {
    let error: unknown;
    try {
      httpTarget(wrong);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toContain(names);
    expect(String(error)).not.toContain("s3cret");
  });
});
