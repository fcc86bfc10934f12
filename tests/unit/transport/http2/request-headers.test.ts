import { describe, expect, test } from "bun:test";
import { ConnectionError, errorCode } from "../../../../src/transport/http2/frames.ts";
import { headerField } from "../../../../src/transport/http2/hpack/tables.ts";
import { type Received, RequestHeaders } from "../../../../src/transport/http2/request-headers.ts";
import { maxHeaderFields } from "../../../../src/transport/limits.ts";

type Field = [name: string, value: string];

const get: Field[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
];

function received(fields: readonly (readonly [string, string])[], maxBytes = 1_000_000): Received {
  const headers = new RequestHeaders(maxBytes);
  for (const [name, value] of fields) headers.add(headerField(name, value));
  return headers.received;
}

describe("the fields of a request", () => {
  test("become its headers, those of one name joined", () => {
    const fields = [
      ...get,
      ["cookie", "a=1"],
      ["x-a", "1"],
      ["cookie", "b=2"],
      ["x-a", ""],
    ] as const;
    expect(received(fields)).toEqual({
      kind: "request",
      headers: Object.assign(Object.create(null), {
        ...Object.fromEntries(get),
        cookie: "a=1; b=2",
        "x-a": "1, ",
      }),
      contentLength: undefined,
    });
  });

  test("may be named as members of objects are", () => {
    const { headers } = received([...get, ["__proto__", "x"], ["constructor", "y"]]) as {
      headers: Record<string, string>;
    };
    expect(Object.entries(headers).slice(3)).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
  });

  test.each<[string, [string, string][]]>([
    ["no method", get.slice(1)],
    ["an empty path", [...get.slice(0, 2), [":path", ""]]],
    ["two methods", [...get, [":method", "GET"]]],
    ["a pseudo-header after a regular one", [["x", "y"], ...get]],
    ["an unknown pseudo-header", [...get, [":protocol", "websocket"]]],
    ["a response's pseudo-header", [...get, [":status", "200"]]],
    ["a name in capitals", [...get, ["X-A", "1"]]],
    ["a name that is no token", [...get, ["x a", "1"]]],
    ["an empty name", [...get, ["", "1"]]],
    ["a line break", [...get, ["x", "1\r\ny: 2"]]],
    ["a zero byte in a pseudo-header", [...get, [":authority", "a\0b"]]],
    ["a connection field", [...get, ["connection", "close"]]],
    ["te other than trailers", [...get, ["te", "gzip"]]],
    ["a content-length that is no number", [...get, ["content-length", "1e3"]]],
    ["a negative content-length", [...get, ["content-length", "-1"]]],
    ["two content-lengths", [...get, ["content-length", "1"], ["content-length", "1"]]],
    ["an empty content-length", [...get, ["content-length", ""]]],
  ])("with %s are malformed", (_what, fields) => {
    expect(received(fields)).toEqual({ kind: "malformed" });
  });

  test("without pseudo-headers are trailers", () => {
    expect(received([])).toEqual({ kind: "trailers" });
    expect(received([["x", "y"]])).toEqual({ kind: "trailers" });
  });

  test("are too large as their sizes add up to more than the limit", () => {
    const size = get.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    expect(received(get, size).kind).toBe("request");
    expect(received(get, size - 1).kind).toBe("too large");
  });

  test("are too large when there are too many, and far too many end the connection", () => {
    const many = (count: number) => Array.from({ length: count }, (): Field => ["x", ""]);
    const most = maxHeaderFields - get.length;
    expect(received([...get, ...many(most)]).kind).toBe("request");
    expect(received([...get, ...many(most + 1)]).kind).toBe("too large");
    expect(received([...get, ...many(most + maxHeaderFields)]).kind).toBe("too large");
    const error = () => received([...get, ...many(most + maxHeaderFields + 1)]);
    expect(error).toThrow(
      new ConnectionError(errorCode.enhanceYourCalm, "too many fields in a header block"),
    );
  });

  test("tell how long the body is", () => {
    expect(received([...get, ["content-length", "007"]])).toMatchObject({ contentLength: 7 });
  });
});
