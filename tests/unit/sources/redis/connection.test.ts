import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisClient } from "bun";
import { deadlinesFor } from "../../../../src/sources/redis/connection.ts";

test("a server has ten seconds for an answer and thirty for a document", () => {
  expect(deadlinesFor(30)).toEqual({ answerTimeoutMs: 10_000, documentTimeoutMs: 30_000 });
});

test("a short interval shortens the wait for an answer, but not below three seconds", () => {
  expect(deadlinesFor(5).answerTimeoutMs).toBe(5000);
  expect(deadlinesFor(1).answerTimeoutMs).toBe(3000);
});

describe("BUN 1.4.5, if one of these fails a workaround can go:", () => {
  const hello = "%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n";

  /** What `connect()` comes to, and all that the server received. */
  async function connecting(uri: (port: number) => string, answer: (asked: string) => string) {
    let received = "";
    using server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket, chunk) {
          received += chunk;
          socket.write(answer(String(chunk)));
        },
      },
    });
    const client = new RedisClient(uri(server.port), { autoReconnect: false });
    const outcome = await client.connect().then(() => "connected", String);
    client.close();
    server.stop(true);
    return { outcome, received };
  }

  test("connect() does not say that a password was refused (connectRedis)", async () => {
    const { outcome } = await connecting(
      (port) => `redis://:wrong@127.0.0.1:${port}`,
      () => "-WRONGPASS invalid username-password pair\r\n",
    );
    expect(outcome).toContain("Connection closed");
    expect(outcome).not.toContain("WRONGPASS");
  });

  test("connect() succeeds for a database that does not exist (connectRedis)", async () => {
    const { outcome, received } = await connecting(
      (port) => `redis://127.0.0.1:${port}/99`,
      (asked) => (asked.includes("SELECT") ? `${hello}-ERR DB index is out of range\r\n` : hello),
    );
    expect(received).toContain("SELECT");
    expect(outcome).toBe("connected");
  });

  test("a password without a colon before it is taken for a user (clientUrl)", async () => {
    const { received } = await connecting(
      (port) => `redis://secret@127.0.0.1:${port}`,
      () => hello,
    );
    expect(received).toContain("AUTH\r\n$6\r\nsecret\r\n$0\r\n");
  });

  test("the path of a socket is not percent-decoded (clientUrl, parseSocket)", async () => {
    const folder = mkdtempSync(join(tmpdir(), "flagd-socket-"));
    const path = join(folder, "a b.sock");
    using server = Bun.listen({
      unix: path,
      socket: { data: (socket) => void socket.write(hello) },
    });
    const client = new RedisClient(`redis+unix://${encodeURI(path)}`, { autoReconnect: false });
    const outcome = await client.connect().then(() => "connected", String);
    client.close();
    server.stop(true);
    rmSync(folder, { recursive: true });
    expect(outcome).toContain("Connection closed");
  });
});
