/** A hash with one flag a field, as the built flagd serves it. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const flag = (variant: string) =>
  JSON.stringify({ state: "ENABLED", variants: { a: "a", b: "b" }, defaultVariant: variant });

test.each([
  ["concerns its own flag", [], "b"],
  ["rejects the whole hash with --strict", ["--strict"], "a"],
])("a wrong field %s", async (_, args, value) => {
  await using server = await RedisServer.start();
  await server.command("HSET", "flags", "one", flag("a"), "two", flag("a"));
  const uri = `redis://127.0.0.1:${server.port}?hash=flags`;
  await using flagd = await startFlagd(["--uri", uri, ...args]);
  const one = async () => {
    const url = `${flagd.http}/ofrep/v1/evaluate/flags/one`;
    const answer = await (await fetch(url, { method: "POST" })).json();
    return (answer as { readonly value?: unknown }).value;
  };
  expect(await one()).toBe("a");
  await server.command("HSET", "flags", "one", flag("b"), "two", '{"state":"ENABLED"');
  await until("the wrong field to be told of", () =>
    flagd.log().includes("$.flags.two: the field is not valid JSON"),
  );
  await until("the change", async () => (await one()) === value);
  await server.command("HSET", "flags", "two", flag("b"));
  await until("the repair", async () => (await one()) === "b");
});
