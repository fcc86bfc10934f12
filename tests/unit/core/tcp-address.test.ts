import { expect, test } from "bun:test";
import { isLoopback } from "../../../src/core/tcp-address.ts";

test.each(["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])(
  "%s is this machine",
  (host) => expect(isLoopback(host)).toBe(true),
);

test.each(["localhost.example", "127.example", "10.0.0.1", "::2", "127.0.0.1.example", ""])(
  "%j is not",
  (host) => expect(isLoopback(host)).toBe(false),
);
