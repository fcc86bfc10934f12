import { expect, test } from "bun:test";
import { atHostOf, isLoopback } from "../../../src/core/tcp-address.ts";

test.each(["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])(
  "%s is this machine",
  (host) => expect(isLoopback(host)).toBe(true),
);

test.each(["localhost.example", "127.example", "10.0.0.1", "::2", "127.0.0.1.example", ""])(
  "%j is not",
  (host) => expect(isLoopback(host)).toBe(false),
);

const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });

test.each([
  ["http://localhost:8014", ["127.0.0.1", "::1"]],
  ["http://[::1]:8014", ["::1"]],
  ["http://flags.example:8014", ["flags.example"]],
])("%s is asked at %j, until somebody is there", async (url, hosts) => {
  const asked: string[] = [];
  const call = async (host: string) => {
    asked.push(host);
    throw refused;
  };
  await expect(atHostOf(new URL(url), call)).rejects.toBe(refused);
  expect(asked).toEqual(hosts);
  expect(await atHostOf(new URL(url), async (host) => host)).toBe(hosts[0] ?? "");
});

test("an answer that is an error is not asked for again elsewhere", async () => {
  const reset = Object.assign(new Error("reset"), { code: "ECONNRESET" });
  const call = async (host: string) => {
    throw host === "127.0.0.1" ? reset : refused;
  };
  await expect(atHostOf(new URL("http://localhost:1"), call)).rejects.toBe(reset);
});
