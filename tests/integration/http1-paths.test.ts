/** HTTP/1.1 by its two paths, which give the same answers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { connect, type NetConnectOpts } from "node:net";
import fc from "fast-check";
import type { JsonObject } from "../../src/core/json.ts";
import { createOfrep } from "../../src/services/ofrep/ofrep-service.ts";
import { type HttpServer, serveHttp } from "../../src/transport/http.ts";
import type { HttpHandler } from "../../src/transport/http-handler.ts";
import { fixedContext } from "../support/fixed-context.ts";
import { rememberingLog } from "../support/remembering-log.ts";
import { until } from "../support/until.ts";
import { FakeStore, flag, staticFlag, viewOf } from "../unit/services/fixtures.ts";

const flags = "/ofrep/v1/evaluate/flags";
const maxRequestBody = 100_000;

const evaluated: string[] = [];
const ofrep = createOfrep({
  store: new FakeStore(viewOf([staticFlag("on", true), echo("echo")])),
  context: fixedContext({ region: "eu" }),
  contextFromHeader: new Map([["x-tier", "tier"]]),
  corsOrigins: ["http://*.test"],
  maxRequestBody,
  bodyTimeoutMs: 500,
  record: ({ key, reason }) => evaluated.push(`${key} ${reason}`),
});
const fastPath = ofrep.fastPath(false);
let answeredFromBytes = 0;
const counting: typeof fastPath = (head, body, last) => {
  const answer = fastPath(head, body, last);
  if (answer) answeredFromBytes++;
  return answer;
};
let slowCalls = 0;
const ok = (body: string) => ({ status: 200, headers: [], body });
const slow: HttpHandler = ({ target }) => {
  if (target === "/healthz") return ok("well");
  if (target === "/long") return ok(long);
  if (target !== "/slow") return undefined;
  slowCalls++;
  return Bun.sleep(200).then(() => ok("x".repeat(1_000_000)));
};

/** Tells of bytes that are lost, doubled or mixed up. */
const long = Array.from({ length: 400_000 }, (_, i) => `${i}\n`).join("");

const options = {
  name: "OFREP",
  address: { port: 0, host: "127.0.0.1" },
  handlers: [ofrep.handler, slow],
  maxRequestHeader: 1_000_000,
};
let servers: HttpServer[] = [];
type Place = { readonly host: string; readonly port: number };
/** Has the general path alone. */
let general: Place;
/** Has both. */
let both: Place;
beforeAll(async () => {
  const fastPath = () => counting;
  servers = [
    await serveHttp({ ...options, log: rememberingLog() }),
    await serveHttp({ ...options, fastPath, log: rememberingLog() }),
  ];
  [general, both] = servers.map(({ port }) => ({ host: "127.0.0.1", port })) as [Place, Place];
});
afterAll(() => Promise.all(servers.map((server) => server.stop(0))));

/** Answers with the context that it is evaluated with. */
function echo(key: string) {
  const parts = { variants: {}, defaultVariant: "v" };
  return flag(key, parts, (context) => ({
    reason: "TARGETING_MATCH",
    variant: "v",
    value: { ...context } as JsonObject,
  }));
}

/** What comes back until nothing has come for a while, without the time of day. */
async function ask(there: NetConnectOpts, pieces: readonly string[]): Promise<string> {
  const socket = connect(there).setEncoding("latin1").setNoDelay(true);
  let answer = "";
  // In turns of the event loop, in which both ends are: time also passes while neither runs.
  let patience = 300;
  socket.on("data", (text: string) => {
    answer += text;
    patience = 8;
  });
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => {
      patience = 0;
      resolve();
    });
  });
  for (const piece of pieces) {
    socket.write(piece, "latin1");
    if (pieces.length > 1) await Bun.sleep(2);
  }
  for (; patience > 0; patience--) await Promise.race([Bun.sleep(5), closed]);
  socket.destroy();
  return answer.replace(/Date: [^\r]*/g, "Date").replace(/^[\w-]+(?=: )/gm, normalName);
}

function normalName(name: string): string {
  return name.toLowerCase();
}

const target = fc.constantFrom(
  flags,
  `${flags}/on`,
  `${flags}/echo`,
  `${flags}/nothing`,
  `${flags}/`,
  `${flags}/a.b~c-d`,
  `${flags}/..`,
  `${flags}/.`,
  `${flags}/%6fn`,
  `${flags}//on`,
  `${flags}/on?x=1`,
  `${flags}/on#x`,
  `${flags}/..%2fon`,
  "/healthz",
  "/elsewhere",
);
const field = fc.constantFrom(
  "Content-Type: application/json",
  "Origin: http://a.test",
  "Origin: http://evil.example",
  "Flagd-Selector: flagSetId=none",
  "Flagd-Selector: nonsense=1",
  "If-None-Match: *",
  'If-None-Match: "x"',
  "X-Tier: gold",
  "x-tier:  spaced  ",
  "Accept-Encoding: gzip",
  "Connection: keep-alive",
  "Connection: close",
  "X-Bytes: caf\u00e9",
);
const body = fc.constantFrom(
  "",
  "{}",
  '{"context":{"targetingKey":"u","n":1.5}}',
  '{"CONTEXT":{"a":[1,{"b":null}]}} trailing',
  '\u00ef\u00bb\u00bf{"context":{}}',
  "[]",
  "null",
  '{"context":',
  '{"context":{"name":"J\u00c3\u00bcrgen"}}',
  `{"context":{"long":"${"x".repeat(70_000)}"}}`,
  `{"context":{"longer":"${"x".repeat(maxRequestBody)}"}}`,
);
const request = fc
  .record({
    method: fc.constantFrom("POST", "POST", "POST", "GET", "OPTIONS", "post"),
    target,
    fields: fc.uniqueArray(field, { maxLength: 4, selector: (text) => text.split(":")[0] }),
    body,
    framing: fc.constantFrom("length", "length", "length", "chunked"),
    version: fc.constantFrom("1.1", "1.1", "1.1", "1.0"),
  })
  .map(({ method, target, fields, body, framing, version }) => {
    const chunk = body === "" ? "" : `${body.length.toString(16)}\r\n${body}\r\n`;
    const [length, content] =
      framing === "chunked"
        ? ["Transfer-Encoding: chunked", `${chunk}0\r\n\r\n`]
        : [`Content-Length: ${body.length}`, body];
    const head = [`${method} ${target} HTTP/${version}`, "Host: localhost", ...fields, length];
    return `${head.join("\r\n")}\r\n\r\n${content}`;
  });

describe("a request is answered as the general path answers it", () => {
  test("whatever it is", async () => {
    await fc.assert(
      fc.asyncProperty(request, async (text) => {
        evaluated.length = 0;
        const expected = await ask(general, [text]);
        const counted = evaluated.splice(0);
        expect(await ask(both, [text])).toBe(expected);
        expect(evaluated).toEqual(counted);
      }),
      { numRuns: 120 },
    );
    expect(answeredFromBytes).toBeGreaterThan(0);
  }, 60_000);

  test("however it is cut", async () => {
    const text =
      `POST ${flags}/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\n\r\n` +
      '{"context":{"a":"b","c":1}}'.slice(0, 26);
    const whole = await ask(general, [text]);
    const cuts = fc.array(fc.nat(text.length), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(cuts, async (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const pieces = at.slice(1).map((end, i) => text.slice(at[i], end));
        expect(await ask(both, pieces)).toBe(whole);
      }),
      { numRuns: 30 },
    );
  }, 60_000);
});

describe("no head means one thing on one path and another on the other", () => {
  const line = `POST ${flags}/on HTTP/1.1`;
  const body = '{"context":{}}';
  const length = `Content-Length: ${body.length}`;
  const next = `POST ${flags}/nothing HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\n{}`;
  for (const [name, lines] of Object.entries<readonly string[]>({
    "a sign": [line, "Host: a", "Content-Length: +14"],
    "leading zeros": [line, "Host: a", "Content-Length: 0014"],
    "a hexadecimal length": [line, "Host: a", "Content-Length: 0xe"],
    "a list of lengths": [line, "Host: a", "Content-Length: 14, 14"],
    "two equal lengths": [line, "Host: a", length, length],
    "two lengths": [line, "Host: a", length, "Content-Length: 0"],
    "no length": [line, "Host: a"],
    "an empty length": [line, "Host: a", "Content-Length:"],
    "a space before a colon": [line, "Host: a", "Content-Length : 14"],
    "a space before a name": [line, "Host: a", " Content-Length: 14"],
    "a folded length": [line, "Host: a", "Content-Length:", " 14"],
    "a folded header": [line, "Host: a", "X: y", "\tz", length],
    "tabs around a length": [line, "Host: a", "Content-Length:\t14\t"],
    "a length and chunks": [line, "Host: a", length, "Transfer-Encoding: chunked"],
    "a length and another encoding": [line, "Host: a", length, "Transfer-Encoding: identity"],
    "chunks misspelt": [line, "Host: a", length, "Transfer-Encoding: xchunked"],
    "a bare line feed": [line, `Host: a\n${length}`],
    "a bare line feed in a value": [line, "Host: a", "X: y\nTransfer-Encoding: chunked", length],
    "a bare carriage return": [line, "Host: a", "X: y\rTransfer-Encoding: chunked", length],
    "a NUL": [line, "Host: a", "X: \0", length],
    "no host": [line, length],
    "two hosts": [line, "Host: a", "Host: b", length],
    "an empty host": [line, "Host:", length],
    "a host that is none": [line, "Host: a b/c", length],
    "a host with a path": [line, "Host: a/b", length],
    "an IPv6 host": [line, "Host: [::1]:80", length],
    "an absolute target": [line.replace("/", "http://a/"), "Host: a", length],
    "an asterisk": ["OPTIONS * HTTP/1.1", "Host: a", length],
    "HTTP/1.0": [line.replace("1.1", "1.0"), "Host: a", length],
    "HTTP/1.0 that stays": [line.replace("1.1", "1.0"), "Connection: keep-alive", length],
    "HTTP/1.2": [line.replace("1.1", "1.2"), "Host: a", length],
    "two spaces": [line.replace(" ", "  "), "Host: a", length],
    "an expectation": [line, "Host: a", "Expect: 100-continue", length],
    "an upgrade": [line, "Host: a", "Connection: Upgrade", "Upgrade: h2c", length],
    "a method in small letters": [line.toLowerCase(), "Host: a", length],
    "an empty line before": ["", line, "Host: a", length],
    "a header without a name": [line, "Host: a", ": x", length],
    "a header without a colon": [line, "Host: a", "X", length],
    "the name of an object's member": [line, "Host: a", "__proto__: x", "constructor: y", length],
  })) {
    test(name, async () => {
      const text = `${lines.join("\r\n")}\r\n\r\n${body}${next}`;
      expect(await ask(both, [text])).toBe(await ask(general, [text]));
    });
  }
});

const call = `POST ${flags}/on HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}`;
const probe = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

test("requests in one piece are all answered, in their order, by whoever answers them", async () => {
  const answers = await ask(both, [call + call + probe + call]);
  const order = [...answers.matchAll(/"key":"on"|well/g)].map(([text]) => text);
  expect(order.slice(0, 3)).toEqual(['"key":"on"', '"key":"on"', "well"]);
});

test("a head that does not end is given up after 3 s, also that of a probe", async () => {
  for (const begun of ["GET /hea", `POST ${flags}/on HTTP/1.1\r\nHost:`]) {
    const started = performance.now();
    expect(await closed(begun)).toBe("");
    expect(performance.now() - started).toBeLessThan(6_000);
  }
}, 20_000);

/**
 * What comes back until the server closes.
 * @param final Nothing more will be asked, which is said at once.
 */
function closed(text: string, final = false): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ ...both, allowHalfOpen: final }).setEncoding("latin1");
    let answer = "";
    socket.on("data", (text: string) => {
      answer += text;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
    if (final) socket.end(text);
    else socket.write(text);
  });
}

test("the refusal of a body over the limit arrives though its client goes on sending", async () => {
  const head = `POST ${flags}/on HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n`;
  const answer = await closed(head + "x".repeat(3_000_000));
  expect(answer).toStartWith("HTTP/1.1 413 ");
});

test("a long answer arrives as it is, also if its client reads slowly and the server is done", async () => {
  const received = await new Promise<string>((resolve) => {
    const socket = connect(both).setEncoding("latin1");
    let text = "";
    socket.on("data", (piece: string) => {
      text += piece;
      socket.pause();
      setTimeout(() => socket.resume(), 5);
    });
    socket.on("close", () => resolve(text));
    socket.write("GET /long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  });
  expect(received.slice(received.indexOf("\r\n\r\n") + 4) === long).toBe(true);
});

test("a client that says at once that it will ask no more gets its answer", async () => {
  for (const text of [probe, call, call + probe, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"]) {
    const answer = await closed(text, true);
    expect(answer.match(/HTTP\/1.1 200 OK/g)?.length).toBe(text === call + probe ? 2 : 1);
  }
});

test("a thousand clients that ask for something unusual at once are all answered", async () => {
  const clients = Array.from({ length: 1_000 }, () => connect(both));
  const connected = clients.map((socket) => new Promise((done) => socket.once("connect", done)));
  await Promise.all(connected);
  const answers = clients.map(
    (socket) =>
      new Promise<string>((resolve) => {
        socket.on("data", (text) => resolve(String(text)));
        socket.on("error", () => {});
        socket.on("close", () => resolve("closed"));
        socket.write(probe);
      }),
  );
  const wrong = (await Promise.all(answers)).filter((text) => !text.endsWith("well"));
  expect(wrong).toEqual([]);
  for (const socket of clients) socket.destroy();
});

test("a client that goes away leaves nothing behind", async () => {
  const open = () => readdirSync("/dev/fd").length;
  const before = open();
  for (let i = 0; i < 50; i++) {
    const socket = connect(both);
    socket.on("error", () => {});
    socket.write(i % 2 ? "GET /long HTTP/1.1\r\nHost: a\r\n\r\n" : call.slice(0, -1));
    await Bun.sleep(2);
    socket.destroy();
  }
  await until("as few open files as before", () => open() <= before);
  expect(await ask(both, [probe])).toContain("well");
});

test("stopping lets an answer on its way arrive whole, and then nobody listens", async () => {
  const server = await serveHttp({ ...options, log: rememberingLog() });
  const before = slowCalls;
  const answer = fetch(`http://127.0.0.1:${server.port}/slow`).then((response) => response.text());
  await until("the request", () => slowCalls > before);
  await server.stop(5_000);
  expect(await answer).toHaveLength(1_000_000);
  await until("nobody listening", async () => {
    const refused = fetch(`http://127.0.0.1:${server.port}/healthz`).then(
      () => false,
      () => true,
    );
    return refused;
  });
});

test("a taken port is an error that says so", async () => {
  const taken = serveHttp({ ...options, address: both, log: rememberingLog() });
  expect(taken).rejects.toThrow(`OFREP: cannot listen on 127.0.0.1:${both.port}: it is in use`);
});
