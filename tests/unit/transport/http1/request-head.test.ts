import { expect, test } from "bun:test";
import fc from "fast-check";
import { KnownHeads, parseRequestHead } from "../../../../src/transport/http1/request-head.ts";

const parse = (...lines: string[]) => parseRequestHead(lines.join("\r\n"));
const get = "GET /x?y HTTP/1.1";

test("a usual head is read", () => {
  const head = parse("POST /x?y=1 HTTP/1.1", "Host: a", "Content-Length: 12", "X-One:  two \t");
  expect(head).toEqual({
    method: "POST",
    target: "/x?y=1",
    headers: Object.assign(Object.create(null), {
      host: "a",
      "content-length": "12",
      "x-one": "two",
    }),
    body: 12,
    version: "1.1",
    keepAlive: true,
    expectsContinue: false,
  });
});

test.each<[string, string, string[]]>([
  ["two hosts", "400", [get, "Host: a", "Host: a"]],
  ["no host", "400", [get]],
  ["HTTP/2.0", "505", ["GET / HTTP/2.0", "Host: a"]],
  ["HTTP/0.9", "505", ["GET / HTTP/0.9"]],
  ["two lengths", "400", [get, "Host: a", "Content-Length: 1", "Content-Length: 1"]],
  ["a list of lengths", "400", [get, "Host: a", "Content-Length: 1, 1"]],
  ["a sign", "400", [get, "Host: a", "Content-Length: +1"]],
  ["a hexadecimal length", "400", [get, "Host: a", "Content-Length: 0x1"]],
  ["an empty length", "400", [get, "Host: a", "Content-Length:"]],
  ["a length that no number holds", "400", [get, "Host: a", `Content-Length: ${"9".repeat(17)}`]],
  [
    "a length and chunks",
    "400",
    [get, "Host: a", "Content-Length: 1", "Transfer-Encoding: chunked"],
  ],
  [
    "two encodings",
    "400",
    [get, "Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
  ],
  ["another encoding", "501", [get, "Host: a", "Transfer-Encoding: gzip, chunked"]],
  ["chunks over HTTP/1.0", "400", ["GET / HTTP/1.0", "Transfer-Encoding: chunked"]],
  ["white space before a colon", "400", [get, "Host: a", "X : y"]],
  ["a folded field", "400", [get, "Host: a", "X: y", " z"]],
  ["a field without a colon", "400", [get, "Host: a", "X"]],
  ["a field without a name", "400", [get, "Host: a", ": x"]],
  ["a bare line feed", "400", [get, "Host: a", "X: y\nZ: a"]],
  ["a bare carriage return", "400", [get, "Host: a", "X: y\rZ: a"]],
  ["a NUL", "400", [get, "Host: a", "X: \0"]],
  ["two spaces", "400", ["GET  / HTTP/1.1", "Host: a"]],
  ["a target of another form", "400", ["GET x HTTP/1.1", "Host: a"]],
  ["an asterisk", "400", ["GET * HTTP/1.1", "Host: a"]],
  ["another expectation", "417", [get, "Host: a", "Expect: tea"]],
])("%s is refused with %s", (_what, status, lines) => {
  expect(parse(...lines)).toStartWith(`${status} `);
});

test.each<[string, string[], object]>([
  ["an empty host", [get, "Host:"], { target: "/x?y" }],
  ["a host that is none", [get, "Host: %2Ftmp%2Fx.sock"], { target: "/x?y" }],
  ["HTTP/1.0", ["GET / HTTP/1.0"], { version: "1.0", keepAlive: false }],
  ["HTTP/1.0 that stays", ["GET / HTTP/1.0", "Connection: Keep-Alive"], { keepAlive: true }],
  ["a later minor version", ["GET / HTTP/1.2", "Host: a"], { version: "1.1" }],
  ["close among others", [get, "Host: a", "Connection: x , Close"], { keepAlive: false }],
  ["an absolute target", ["GET http://b/x HTTP/1.1", "Host: a"], { target: "/x" }],
  ["an absolute target without a path", ["GET http://b?y HTTP/1.1", "Host: a"], { target: "/?y" }],
  ["bytes beyond ASCII", ["GET /\u00c3\u00a9 HTTP/1.1", "Host: a"], { target: "/%c3%a9" }],
  ["OPTIONS *", ["OPTIONS * HTTP/1.1", "Host: a"], { target: "*" }],
  ["chunks", [get, "Host: a", "Transfer-Encoding: Chunked"], { body: "chunked" }],
  ["leading zeros", [get, "Host: a", "Content-Length: 0014"], { body: 14 }],
  ["an expectation", [get, "Host: a", "Expect: 100-Continue"], { expectsContinue: true }],
])("%s is taken", (_what, lines, expected) => {
  expect(parse(...lines)).toMatchObject(expected);
});

test("the values of a repeated field are joined, and no name is that of an object's own", () => {
  const head = parse(get, "Host: a", "X: 1", "x: 2", "Cookie: a=b", "Cookie: c", "__proto__: y");
  expect(head).toMatchObject({ headers: { x: "1, 2", cookie: "a=b; c" } });
  expect(typeof head === "object" && Object.keys(head.headers)).toContain("__proto__");
});

test("whatever the bytes are, the head is read or refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      const head = parseRequestHead(`GET / HTTP/1.1\r\nHost: a\r\n${text}`);
      if (typeof head === "string") expect(head).toMatch(/^(400|417|501|505) /);
      else expect(head.target).toBe("/");
    }),
  );
});

test("names are read in whatever case they are written, however many there are", () => {
  for (let n = 0; n < 600; n++) {
    const head = parse(get, "Host: a", `X-Name-${n % 300}: 1`, `x-NAME-${n % 300}:\t2 \t`);
    expect(head).toMatchObject({ headers: { [`x-name-${n % 300}`]: "1, 2" } });
  }
  const long = "X".repeat(100);
  for (const name of [long, long.toLowerCase()]) {
    expect(parse(get, "Host: a", `${name}: 1`)).toMatchObject({
      headers: { [long.toLowerCase()]: "1" },
    });
  }
});

test("a server knows the heads that it has read, and no more of them than it may", () => {
  const heads = new KnownHeads();
  const text = (n: number) => `${get}\r\nHost: a\r\nX-Number: ${n}`;
  const first = heads.read(text(0));
  expect(first.head).toEqual(parseRequestHead(text(0)));
  expect(first.bytes).toBeUndefined();
  expect(heads.read(text(0))).toBe(first);
  expect(first.bytes?.toString()).toBe(`${text(0)}\r\n\r\n`);
  for (let n = 1; n < 300; n++) {
    expect(heads.read(text(n)).head).toMatchObject({ headers: { "x-number": `${n}` } });
  }
  expect(heads.read(text(0))).not.toBe(first);
  const long = `${get}\r\nHost: a\r\nX-Long: ${"x".repeat(2_000)}`;
  expect(heads.read(long).head).not.toBe(heads.read(long).head);
  expect(heads.read(long).bytes).toBeUndefined();
  expect(heads.read("nonsense").head).toBe("400 Bad Request");
});
