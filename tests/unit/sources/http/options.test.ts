import { describe, expect, test } from "bun:test";
import { ConfigError } from "../../../../src/config/errors.ts";
import type { HttpSourceConfig } from "../../../../src/config/sources/source-config.ts";
import { httpTarget } from "../../../../src/sources/http/options.ts";

const config = (uri: string, members: Partial<HttpSourceConfig> = {}): HttpSourceConfig => ({
  provider: "http",
  uri,
  intervalSeconds: 5,
  headers: {},
  timeoutSeconds: 0,
  ...members,
});

describe("the name", () => {
  test.each([
    ["http://host/flags", "http://host/flags"],
    ["https://host:8443/a?b=c@d", "https://host:8443/a?b=c@d"],
    ["https://amy:secret@host/flags", "https://host/flags"],
    ["https://amy:se@cret@host/flags", "https://host/flags"],
    ["http://HOST", "http://HOST"],
  ])("of %s is %s", (uri, name) => {
    expect(httpTarget(config(uri)).name).toBe(name);
  });

  test("is all that is left of user and password", () => {
    const { url, headers } = httpTarget(config("http://amy:100%@host/flags"));
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
      httpTarget(config(uri, members)).headers.authorization;
    expect(of({})).toBe("Basic YW15OnB3");
    expect(of({ authHeader })).toBe("Bearer a");
    expect(of({ authHeader, headers })).toBe("Bearer h");
  });
});

describe("refused is", () => {
  const oauth = { clientId: "i", clientSecret: "s3cret", reloadDelaySeconds: 0 };
  test.each<[string, HttpSourceConfig, string]>([
    ["another scheme", config("ftp://host/x"), "expected http://host/path"],
    ["no URI at all", config("host/x"), "expected http://host/path"],
    ["one slash", config("http:/amy:s3cret@host/x"), "expected http://host/path"],
    ["three slashes", config("http:///amy:s3cret@host/x"), "expected http://host/path"],
    ["backslashes", config("http:\\\\amy:s3cret@host/x"), "expected http://host/path"],
    [
      "a line break in authHeader",
      config("http://h", { authHeader: "s3cret\nX: y" }),
      "authHeader",
    ],
    [
      "a line break in a header",
      config("http://h", { headers: { a: "s3cret\r\n" + "b" } }),
      "headers",
    ],
    ["a header name of two words", config("http://h", { headers: { "a b": "s3cret" } }), "headers"],
    [
      "a token URL without a scheme",
      config("http://h", { oauth: { ...oauth, tokenUrl: "idp/token" } }),
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
