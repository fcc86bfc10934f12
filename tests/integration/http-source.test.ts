import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { HttpSourceConfig } from "../../src/sources/http/http-kind.ts";
import { HttpSource } from "../../src/sources/http/http-source.ts";
import { isPermanent } from "../../src/sources/source.ts";
import { makeCertificates } from "../support/certificates.ts";
import { DocumentServer } from "../support/document-server.ts";
import { freePort } from "../support/ports.ts";
import { hastyClock, RunningSource } from "../support/running-source.ts";
import { httpConfig } from "../support/source-configs.ts";
import { until } from "../support/until.ts";

const one = '{"flags":{"one":{"state":"ENABLED"}}}';
const two = '{"flags":{"two":{"state":"ENABLED"}}}';

const certificates = makeCertificates();
afterAll(() => certificates.remove());

function tls(): Bun.TLSOptions {
  const { cert, key } = certificates.server;
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

function run(uri: string, options: Partial<HttpSourceConfig> & { silenceMs?: number } = {}) {
  const { silenceMs, ...members } = options;
  return new RunningSource(
    new HttpSource(httpConfig(uri, members), {
      clock: hastyClock,
      ...(silenceMs && { silenceMs }),
    }),
  );
}

describe("polling", () => {
  test("delivers the document, and again only when it has changed", async () => {
    using server = new DocumentServer();
    server.document = one;
    await using source = run(`${server.url}/flags`);
    expect(await source.delivers(one)).toMatchObject({ format: "json" });
    await source.finds();
    server.document = two;
    await source.delivers(two);
    expect(source.documents).toEqual([one, two]);
    expect(source.failures).toEqual([]);
  });

  test("asks with the entity tag of the last answer, never at first", async () => {
    using server = new DocumentServer();
    await using source = run(`${server.url}/flags`);
    await source.finds();
    const [first, second] = server.header("if-none-match");
    expect(first).toBeNull();
    expect(second).toMatch(/^".+"$/);
  });

  test("without entity tags an equal document is not delivered again", async () => {
    using server = new DocumentServer();
    server.tags = false;
    await using source = run(`${server.url}/flags`);
    await source.finds();
    expect(source.payloads).toHaveLength(1);
    expect(server.header("if-none-match").every((tag) => tag === null)).toBe(true);
  });

  test("an entity tag that the server no longer gives is no longer sent", async () => {
    using server = new DocumentServer();
    server.document = one;
    await using source = run(`${server.url}/flags`);
    await source.delivers(one);
    server.tags = false;
    server.document = two;
    await source.delivers(two);
    server.tags = true;
    server.document = one;
    await source.delivers(one);
  });

  test("a change within two seconds of the last one is seen, though the entity tag stays", async () => {
    using server = new DocumentServer();
    server.behaviour = (request) => {
      const modified = new Date().toUTCString();
      // Of the second and the length, as nginx and Caddy make it.
      const headers = { etag: '"same"', date: modified, "last-modified": modified };
      if (request.headers.get("if-none-match")) return new Response(null, { status: 304, headers });
      return new Response(server.document, {
        headers: { ...headers, "content-type": "text/json" },
      });
    };
    server.document = one;
    await using source = run(`${server.url}/flags.json`);
    await source.delivers(one);
    server.document = two;
    await source.delivers(two);
  });

  test("an empty body keeps the flags, however often it comes", async () => {
    using server = new DocumentServer();
    server.document = one;
    await using source = run(`${server.url}/flags.json`);
    await source.delivers(one);
    server.document = "";
    await source.fails("empty");
    await until("several failures", () => source.failures.length > 2);
    expect(source.documents).toEqual([one]);
    server.document = one;
    await source.finds();
  });

  test("a resync looks at once", async () => {
    using server = new DocumentServer();
    server.document = one;
    const clock = { ...hastyClock, sleep: (_: number, signal?: AbortSignal) => forever(signal) };
    const uri = `${server.url}/flags`;
    await using source = new RunningSource(
      new HttpSource(httpConfig(uri, { interval: 86_400 }), { clock }),
    );
    await source.delivers(one);
    server.document = two;
    source.source.resync();
    await source.delivers(two);
  });
});

describe("the format", () => {
  test.each([
    ["/flags.json", "text/plain", "json"],
    ["/flags.YAML", "text/plain", "yaml"],
    ["/a.b/flags.yml", "application/json", "yaml"],
    ["/flags", "application/json; charset=utf-8", "json"],
    ["/flags", "application/x-yaml", "yaml"],
    ["/flags", "Application/YAML", "yaml"],
    ["/v1.2", "application/json", "json"],
    ["/flags.json?x=.yaml", "application/yaml", "json"],
  ])("of %s as %p is %s", async (path, contentType, format) => {
    using server = new DocumentServer();
    server.contentType = contentType;
    await using source = run(server.url + path);
    expect(await source.delivers(server.document)).toMatchObject({ format });
  });

  test("is unknown for another type: that is said, and tried again", async () => {
    using server = new DocumentServer();
    server.contentType = "text/plain; charset=utf-8";
    await using source = run(`${server.url}/flags`);
    await source.fails("unsupported file format: 'text/plain'");
    server.contentType = "application/json";
    await source.delivers(server.document);
  });
});

describe("requests", () => {
  test("say who asks and what for", async () => {
    using server = new DocumentServer();
    await using source = run(`${server.url}/flags?env=test`);
    await source.delivers(server.document);
    const request = server.requests[0]?.request;
    expect(request?.method).toBe("GET");
    expect(request && new URL(request.url).search).toBe("?env=test");
    expect(request?.headers.get("accept")).toBe("application/json, application/yaml");
    expect(request?.headers.get("user-agent")).toMatch(/^flagd\//);
    expect(request?.headers.get("authorization")).toBeNull();
  });

  test("carry authHeader and headers, the latter winning", async () => {
    using server = new DocumentServer();
    const headers = { "X-Team": "blue", authorization: "Bearer other", host: "flags.example" };
    await using source = run(`${server.url}/flags`, { authHeader: "Bearer secret", headers });
    await source.delivers(server.document);
    expect(server.header("x-team")[0]).toBe("blue");
    expect(server.header("authorization")[0]).toBe("Bearer other");
    expect(server.header("host")[0]).toBe("flags.example");
  });

  test("carry the URI's user and password, which are no part of the name", async () => {
    using server = new DocumentServer();
    const uri = `${server.url.replace("//", "//amy:p%40ss@")}/flags`;
    await using source = run(uri);
    await source.delivers(server.document);
    expect(server.header("authorization")[0]).toBe(`Basic ${btoa("amy:p@ss")}`);
    expect(source.source.name).toBe(`${server.url}/flags`);
  });
});

describe("redirections", () => {
  test("are followed, without credentials to another origin", async () => {
    using target = new DocumentServer();
    using server = new DocumentServer();
    server.behaviour = (request) =>
      new URL(request.url).pathname === "/flags"
        ? new Response(null, { status: 302, headers: { location: "/here" } })
        : new Response(null, { status: 307, headers: { location: `${target.url}/there` } });
    await using source = run(`${server.url}/flags`, { authHeader: "Bearer secret" });
    await source.delivers(target.document);
    expect(server.header("authorization").slice(0, 2)).toEqual(["Bearer secret", "Bearer secret"]);
    expect(target.header("authorization")[0]).toBeNull();
  });

  test.each([
    ["in a circle", "/flags", "redirected more than 10 times"],
    ["to a file", "file:///etc/passwd", "redirected to something other than an HTTP URL"],
    ["to nonsense", "http://[", "redirected to something other than an HTTP URL"],
  ])("%s are failures", async (_how, location, reason) => {
    using server = new DocumentServer();
    server.behaviour = () => new Response(null, { status: 301, headers: { location } });
    await using source = run(`${server.url}/flags`);
    await source.fails(reason);
  });
});

describe("trouble", () => {
  test.each([500, 404, 429, 503])("%d keeps the flags and is tried again", async (status) => {
    using server = new DocumentServer();
    server.document = one;
    await using source = run(`${server.url}/flags`);
    await source.delivers(one);
    server.behaviour = () => new Response("no", { status });
    await source.fails(`the server responded with ${status}`);
    server.behaviour = () => undefined;
    await source.finds();
    server.document = two;
    await source.delivers(two);
    expect(source.documents).toEqual([one, two]);
  });

  test("a server that is not there yet is waited for", async () => {
    const port = await freePort();
    await using source = run(`http://127.0.0.1:${port}/flags.json`);
    await source.fails("connection refused");
    const server = Bun.serve({ hostname: "127.0.0.1", port, fetch: () => new Response(one) });
    try {
      await source.delivers(one);
    } finally {
      server.stop(true);
    }
  });

  test.each([401, 403])("%d at start is fatal, and names no credential", async (status) => {
    using server = new DocumentServer();
    server.behaviour = () => new Response(null, { status });
    await using source = run(`${server.url}/flags`, { authHeader: "Bearer secret" });
    const error = await source.ended;
    expect(error).toSatisfy(isPermanent);
    expect(String(error)).toContain(`the server responded with ${status}`);
    expect(String(error)).toContain("authHeader");
    expect(String(error)).not.toContain("secret");
  });

  test("plain HTTP to a port for TLS is said to need https", async () => {
    using server = new DocumentServer(tls());
    const uri = server.url.replace("https:", "http:");
    await using source = run(`${uri}/flags`);
    await source.fails("(if the port expects TLS, use https://)");
  });

  test.each([
    ["nginx", "<center>The plain HTTP request was sent to HTTPS port</center>"],
    ["Go", "Client sent an HTTP request to an HTTPS server.\n"],
    ["Apache", "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />"],
  ])("and so is the 400 of %s for it", async (_server, text) => {
    using server = new DocumentServer();
    server.behaviour = () => new Response(text, { status: 400 });
    await using source = run(`${server.url}/flags`);
    expect(String(await source.ended)).toContain("expects TLS on this port: use https://");
  });

  test("401 later keeps the flags", async () => {
    using server = new DocumentServer();
    await using source = run(`${server.url}/flags`);
    await source.finds();
    server.behaviour = () => new Response(null, { status: 401 });
    await source.fails("the server responded with 401");
    server.behaviour = () => undefined;
    await source.finds();
  });

  test("a server that never answers is given up after timeoutS", async () => {
    using server = new DocumentServer();
    server.behaviour = () => new Promise<Response>(() => {});
    await using source = run(`${server.url}/flags`, { timeoutS: 1 });
    await source.fails("the server did not finish its response within 1 s");
  });

  test("an endless trickle is given up after timeoutS", async () => {
    using server = new DocumentServer();
    server.behaviour = () => trickle("x");
    await using source = run(`${server.url}/flags.json`, { timeoutS: 1 });
    await source.fails("the server did not finish its response within 1 s");
  });

  test("without timeoutS a silent server is given up, a slow one is not", async () => {
    using server = new DocumentServer();
    server.behaviour = () => new Promise<Response>(() => {});
    await using source = run(`${server.url}/flags.json`, { silenceMs: 1_000 });
    await source.fails("the server sent nothing within 1 s");
    server.behaviour = () => trickle(one, one.length);
    await source.delivers(one);
  });

  test("a document beyond the bound is not read to its end", async () => {
    using server = new DocumentServer();
    const zeros = Bun.gzipSync(new Uint8Array(65 * 1024 * 1024));
    server.behaviour = () => new Response(zeros, { headers: { "content-encoding": "gzip" } });
    await using source = run(`${server.url}/flags.json`);
    await source.fails("the response is larger than 67108864 bytes");
  });

  test.each([
    ["closes without an answer", "", "127.0.0.1"],
    [
      "gives no type",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
      "unable to determine file format",
    ],
    [
      "cuts the body short",
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
      "the connection was lost",
    ],
    ["speaks no HTTP", "SSH-2.0-OpenSSH\r\n", "does not speak HTTP"],
    [
      "lies about its encoding",
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n{}{}{",
      "cannot be decompressed",
    ],
  ])("a server that %s is a failure with a reason", async (_what, bytes, reason) => {
    const { port, close } = await rawServer(bytes);
    try {
      await using source = run(`http://127.0.0.1:${port}/flags`);
      await source.fails(reason);
      expect(source.payloads).toEqual([]);
    } finally {
      close();
    }
  });

  test("stopping ends a request under way at once", async () => {
    using server = new DocumentServer();
    server.behaviour = () => new Promise<Response>(() => {});
    const source = run(`${server.url}/flags`);
    await until("a request", () => server.requests.length > 0);
    expect(await source.stop()).toBeUndefined();
    expect(source.failures).toEqual([]);
  });
});

/** Sends these bytes after the first that it gets. */
async function rawServer(bytes: string) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { port, close: () => server.close() };
}

function forever(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener("abort", () => resolve()));
}

/** Sends a byte every 50 ms, from the beginning again after the end unless a length says to stop. */
function trickle(text: string, length = Number.POSITIVE_INFINITY): Response {
  let sent = 0;
  let stopped = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await Bun.sleep(50);
      if (stopped) return;
      if (sent >= length) return controller.close();
      controller.enqueue(new TextEncoder().encode(text.charAt(sent++ % text.length)));
    },
    cancel() {
      stopped = true;
    },
  });
  return new Response(body);
}
