import { expect, test } from "bun:test";
import { proxyFor } from "../../../../src/sources/web/proxy.ts";

const both = { HTTP_PROXY: "http://plain:1", HTTPS_PROXY: "http://secure:2" };

test.each<[string, Record<string, string>, string | false]>([
  ["http://host/", {}, false],
  ["http://host/", both, "http://plain:1"],
  ["https://host/", both, "http://secure:2"],
  ["https://host/", { HTTP_PROXY: "http://plain:1" }, false],
  ["http://host/", { http_proxy: "lower:1" }, "http://lower:1"],
  ["http://host/", { HTTP_PROXY: "upper:1", http_proxy: "lower:1" }, "http://upper:1"],
  ["http://host/", { ALL_PROXY: "http://all:1" }, false],
  ["http://localhost:8080/", both, false],
  ["http://127.9.9.9/", both, false],
  ["http://[::1]/", both, false],
  ["http://host/", { ...both, NO_PROXY: "host" }, false],
  ["http://host/", { ...both, NO_PROXY: "other", no_proxy: "host" }, "http://plain:1"],
  ["http://host/", { ...both, no_proxy: "host" }, false],
  ["http://host/", { ...both, NO_PROXY: "*" }, false],
  ["http://a.host.example/", { ...both, NO_PROXY: "x, HOST.example" }, false],
  ["http://ahost.example/", { ...both, NO_PROXY: "host.example" }, "http://plain:1"],
  ["http://host.example/", { ...both, NO_PROXY: ".host.example" }, "http://plain:1"],
  ["http://a.host.example/", { ...both, NO_PROXY: "*.host.example" }, false],
  ["http://host:81/", { ...both, NO_PROXY: "host:80" }, "http://plain:1"],
  ["http://host/", { ...both, NO_PROXY: "host:80" }, false],
  ["http://10.1.2.3/", { ...both, NO_PROXY: "10.0.0.0/8" }, false],
  ["http://11.1.2.3/", { ...both, NO_PROXY: "10.0.0.0/8" }, "http://plain:1"],
  ["http://[fd00::7]/", { ...both, NO_PROXY: "fd00::/8" }, false],
  ["http://[fd00::7]/", { ...both, NO_PROXY: "fd00::7" }, false],
  ["http://10.1.2.3/", { ...both, NO_PROXY: "10.1.2.3:80" }, false],
])("%s with %j goes through %s", (url, env, proxy) => {
  expect(proxyFor(new URL(url), env)).toBe(proxy);
});
