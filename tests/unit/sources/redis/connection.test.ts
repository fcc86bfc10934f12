import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisClient } from "bun";
import { connectRedis, deadlinesFor } from "../../../../src/sources/redis/connection.ts";

test("a server has ten seconds for an answer and thirty for a document", () => {
  expect(deadlinesFor(30)).toEqual({ answerTimeoutMs: 10_000, documentTimeoutMs: 30_000 });
});

test("a short interval shortens the wait for an answer, but not below three seconds", () => {
  expect(deadlinesFor(5).answerTimeoutMs).toBe(5000);
  expect(deadlinesFor(1).answerTimeoutMs).toBe(3000);
});

describe("a server that falls silent", () => {
  /** @param hello what it answers at first; nothing: not even that */
  async function connectTo(hello: string, connectTimeoutMs: number) {
    using server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data: (socket, chunk) => void (`${chunk}`.includes("HELLO") && socket.write(hello)),
      },
    });
    const endpoint = { host: "127.0.0.1", port: server.port };
    const connection = await connectRedis({
      address: { endpoint, tls: false, username: undefined, password: undefined, database: 0 },
      tls: undefined,
      ...deadlinesFor(30, 3000),
      connectTimeoutMs,
      onClose: () => {},
      signal: new AbortController().signal,
    });
    try {
      return await connection.send("WATCH", ["k"]);
    } finally {
      connection.close();
    }
  }
  const hello = (mode: string) => `%1\r\n+mode\r\n+${mode}\r\n`;

  test("is given up after a second if it is a node of a cluster, otherwise after the usual time", async () => {
    const patient = 60_000;
    const ends = ["cluster", "standalone"].map((mode) =>
      connectTo(hello(mode), patient).catch((error: Error) => error.message),
    );
    expect(await Promise.all(ends)).toEqual([
      "no response within 1000 ms",
      "no response within 3000 ms",
    ]);
  }, 30_000);

  test("while it is connected to is given up after the time for that", async () => {
    await expect(connectTo("", 100)).rejects.toThrow(/within 100 ms|timeout.* 100/i);
  });
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

  /** What comes of using a server behind a socket, and what it received before a GET that it never answers. */
  async function throughSocket<T>(
    name: string,
    use: (path: string, server: { stop(): void; start(): void }) => Promise<T>,
  ) {
    const folder = mkdtempSync(join(tmpdir(), "flagd-socket-"));
    const path = join(folder, name);
    let received = "";
    const listen = () =>
      Bun.listen({
        unix: path,
        socket: {
          data(socket, chunk) {
            received += chunk;
            if (!String(chunk).includes("GET")) socket.write(hello);
          },
        },
      });
    let server = listen();
    const stop = () => server.stop(true);
    const start = () => {
      server = listen();
    };
    try {
      return { outcome: await use(path, { stop, start }), received };
    } finally {
      stop();
      rmSync(folder, { recursive: true });
    }
  }

  async function connected(uri: string) {
    const client = new RedisClient(uri, { autoReconnect: false });
    const outcome = await client.connect().then(() => "connected", String);
    client.close();
    return outcome;
  }

  test("the path of a socket is rewritten, and not percent-decoded (clientUrl, parseSocket)", async () => {
    for (const written of [encodeURI, String]) {
      const { outcome } = await throughSocket("a b.sock", (path) =>
        connected(`redis+unix://${written(path)}`),
      );
      expect(outcome).toContain("Connection closed");
    }
  });

  test("a socket with credentials needs a host (clientUrl)", async () => {
    const connecting = throughSocket("s", (path) => connected(`redis+unix://user:secret@${path}`));
    await expect(connecting).rejects.toThrow("Invalid URL");
  });

  test("a database cannot be in the URL of a socket (connectRedis)", async () => {
    const inPath = await throughSocket("s", (path) => connected(`redis+unix://${path}/3`));
    expect(inPath).toEqual({ outcome: expect.stringContaining("closed"), received: "" });
    const inQuery = await throughSocket("s", (path) => connected(`redis+unix://${path}?db=3`));
    expect(inQuery.outcome).toBe("connected");
    expect(inQuery.received).not.toContain("SELECT");
  });

  test("a client that reconnects gives up for good, even if the server comes back (BunConnection)", async () => {
    const { outcome } = await throughSocket("s", async (path, server) => {
      const client = new RedisClient(`redis+unix://${path}`, { maxRetries: 1 });
      await client.connect();
      const givenUp = new Promise((resolve) => {
        client.onclose = resolve;
      });
      server.stop();
      await givenUp;
      server.start();
      return await client.send("ECHO", ["x"]).catch(String);
    });
    expect(outcome).toContain("Connection has failed");
  });

  test("a command has no deadline, even if connecting has one (BunConnection)", async () => {
    const { outcome } = await throughSocket("s", async (path) => {
      const open = () =>
        new RedisClient(`redis+unix://${path}`, { autoReconnect: false, connectionTimeout: 100 });
      let client = open();
      // On a busy machine connecting itself may take longer.
      while (
        !(await client.connect().then(
          () => true,
          () => false,
        ))
      )
        client = open();
      const answer = client.get("k").then(
        () => "answered",
        () => "gave up",
      );
      const waited = await Promise.race([answer, Bun.sleep(500).then(() => "waits")]);
      client.close();
      await answer;
      return waited;
    });
    expect(outcome).toBe("waits");
  });

  test("a client tells of no push, and not which connection it is (RespClient)", () => {
    const names = Object.getOwnPropertyNames(RedisClient.prototype);
    expect(names.filter((name) => /^on|invalidat|address|^id$|clientId/i.test(name))).toEqual([
      "onclose",
      "onconnect",
    ]);
  });
});
