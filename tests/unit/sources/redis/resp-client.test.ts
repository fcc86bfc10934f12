import { afterAll, beforeEach, expect, test } from "bun:test";
import { RespClient } from "../../../../src/sources/redis/resp-client.ts";
import type { RespValue } from "../../../../src/sources/redis/resp-parser.ts";
import { addressOf } from "./fake-redis.ts";

let hello = "";
const server = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    data(socket, data) {
      const text = `${data}`;
      if (text.includes("HELLO")) socket.write(hello);
      else if (text.includes("SUBSCRIBE")) socket.write(">3\r\n+subscribe\r\n+c\r\n:1\r\n");
      else if (text.includes("PUSH")) socket.write(">2\r\n+message\r\n+news\r\n+OK\r\n");
      else if (text.includes("GARBAGE")) socket.write("HTTP/1.1 400\r\n\r\n");
    },
  },
});
afterAll(() => server.stop(true));

const pushes: (readonly RespValue[])[] = [];
beforeEach(() => {
  hello = "%1\r\n+id\r\n:7\r\n";
  pushes.length = 0;
});

const open = (timeoutMs = 5000) =>
  RespClient.open({
    address: addressOf(`redis://user:hunter2@127.0.0.1:${server.port}?key=k`),
    tls: undefined,
    timeoutMs,
    onPush: (push) => pushes.push(push),
    onClose: () => {},
  });

test("answers and what comes unasked are told apart", async () => {
  const client = await open();
  expect(client.hello.get("id")).toBe(7);
  expect(await client.send("SUBSCRIBE", "c")).toEqual(["subscribe", "c", 1]);
  expect(await client.send("PUSH")).toBe("OK");
  expect(pushes).toEqual([["message", "news"]]);
  client.close();
});

test("an error that repeats the password does not show it", async () => {
  hello = "-ERR unknown command `HELLO`, with args beginning with: `3` `AUTH` `user` `hunter2`\r\n";
  const error = await open().catch(String);
  expect(error).toContain("unknown command");
  expect(error).not.toContain("hunter2");
});

test("a server that is silent or speaks something else ends the connection", async () => {
  let silent: RespClient | undefined;
  // On a busy machine opening itself may take longer.
  while (silent === undefined) silent = await open(20).catch(() => undefined);
  expect(await silent.send("NOTHING").catch(String)).toContain("no response within 20 ms");
  expect(silent.closed).toBe(true);
  const other = await open();
  expect(await other.send("GARBAGE").catch(String)).toContain("not in the Redis protocol");
  expect(await other.send("PING").catch(String)).toContain("connection closed");
});
