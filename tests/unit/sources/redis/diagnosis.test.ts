import { afterAll, describe, expect, test } from "bun:test";
import { diagnose } from "../../../../src/sources/redis/diagnosis.ts";
import { RedisError } from "../../../../src/sources/redis/redis-errors.ts";
import { freePort } from "../../../support/ports.ts";
import { addressOf } from "./fake-redis.ts";

const closed = new RedisError("Connection closed", "closed");
const timeout = new RedisError("no answer", "timeout");
const signal = new AbortController().signal;

const listening = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
afterAll(() => listening.stop(true));
const there = `127.0.0.1:${listening.port}`;

const reason = (uri: string, error: RedisError, known = false) =>
  diagnose(addressOf(`${uri}?key=k`), error, { known, signal });

describe("why a server is out of reach", () => {
  test("nothing listens", async () => {
    const port = await freePort();
    expect(await reason(`redis://127.0.0.1:${port}`, closed)).toBe(
      `nothing is listening on 127.0.0.1:${port} (connection refused)`,
    );
  });

  test("the host name is unknown", async () => {
    // A label longer than DNS has them: refused without asking a name server.
    const host = `${"x".repeat(64)}.localhost`;
    expect(await reason(`redis://${host}`, closed)).toStartWith(
      `the host name of ${host}:6379 cannot be resolved`,
    );
  });

  test("there is no socket", async () => {
    expect(await reason("redis+unix:///nowhere/r.sock", closed)).toBe(
      "the socket /nowhere/r.sock does not exist",
    );
  });

  test.each([
    [
      "redis",
      "closed",
      false,
      "closes the connection without a response (if the port expects TLS, use rediss://)",
    ],
    [
      "redis",
      "timeout",
      false,
      "accepts connections, but does not respond (if the port expects TLS, use rediss://)",
    ],
    ["rediss", "timeout", false, "does not respond (if the port does not use TLS, use redis://)"],
    ["redis", "closed", true, `the connection to ${there} was lost`],
    ["redis", "timeout", true, "no longer responds"],
  ] as const)(
    "%s to a server that accepts, then is %s, known before: %p",
    async (scheme, kind, known, text) => {
      const error = kind === "closed" ? closed : timeout;
      expect(await reason(`${scheme}://${there}`, error, known)).toContain(text);
    },
  );

  test("not asked any more once it is over", async () => {
    const address = addressOf(`redis://${there}?key=k`);
    const over = { known: true, signal: AbortSignal.abort() };
    expect(await diagnose(address, closed, over)).toContain("ABORTED");
  });
});
