/** The lines that docs/guides/failures.md shows are those that flagd writes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { DocumentServer } from "../support/document-server.ts";
import { root } from "../support/documentation.ts";
import { type Flagd, runFlagd, startFlagd } from "../support/flagd.ts";
import { freePorts } from "../support/ports.ts";
import { RedisServer } from "../support/redis.ts";
import { until } from "../support/until.ts";

const page = await Bun.file(join(root, "docs/guides/failures.md")).text();
const example = join(root, "examples/flags.json");

let folder: string;
let certificates: Certificates;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flagd-failures-"));
  certificates = makeCertificates();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  certificates.remove();
});

/** What the page says, with the real names and ports put in. */
const shown = (names: Readonly<Record<string, string>>): string =>
  Object.entries(names).reduce((text, [name, value]) => text.replaceAll(name, value), page);

/** The messages of warnings and worse, without what the page writes as `…`. */
const messages = (log: string): string[] =>
  [...log.matchAll(/(?:^Error: | (?:WARN|ERROR|FATAL) +)(.+?)(?: {2}\w+=.*)?$/gm)].map(
    ([, message = ""]) =>
      message.replace(/; (?:serving the last accepted flags|no flags from this source yet)$/, ""),
  );

describe("what ends flagd at its start", () => {
  const refused = async (args: string[], names: Readonly<Record<string, string>>) => {
    const [port = 0, http = 0, sync = 0] = await freePorts(3);
    const ports = ["-p", `${port}`, "-m", `${http}`, "-r", `${http}`, "-g", `${sync}`];
    const env = { KUBECONFIG: "", KUBERNETES_SERVICE_HOST: "" };
    const { code, stderr } = await runFlagd(["start", ...ports, ...args], { cwd: folder, env });
    expect(code).toBe(1);
    const [message = "nothing was said"] = messages(stderr);
    return { message, text: shown(names) };
  };

  test.each([
    ["no source", []],
    ["an unknown option", ["--prot", "1"]],
    ["two URIs in the place of one", ["--uri", "file:a.json;file:b.json"]],
    ["half of a certificate", ["--uri", `file:${example}`, "--server-cert-path", "server.pem"]],
  ])("%s", async (_, args) => {
    const { message, text } = await refused(args, {});
    expect(text).toContain(message);
  });

  test("a URI without key", async () => {
    const { message, text } = await refused(["--uri", "redis://localhost"], {});
    expect(text).toContain(message.replace(/(?<=; expected ).*/, "…"));
  });

  test("a certificate that is missing, or has another key", async () => {
    copyFileSync(certificates.server.cert, join(folder, "server.pem"));
    copyFileSync(certificates.client.key, join(folder, "client.key"));
    for (const cert of ["server.pem", "missing.pem"]) {
      const tls = ["--server-cert-path", cert, "--server-key-path", "client.key"];
      const { message, text } = await refused(["--uri", `file:${example}`, ...tls], {});
      expect(text).toContain(message);
    }
  });

  test("a port in use", async () => {
    const server: Server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, () => resolve((server.address() as { port: number }).port));
    });
    const [http = 0, sync = 0] = await freePorts(2);
    const ports = ["-p", `${port}`, "-m", `${http}`, "-r", `${http}`, "-g", `${sync}`];
    const { stderr } = await runFlagd(["start", "--uri", `file:${example}`, ...ports]);
    server.close();
    expect(shown({ 8013: `${port}` })).toContain(messages(stderr)[0] ?? "nothing was said");
  });

  test("a file that is missing", async () => {
    const { message, text } = await refused(["--uri", "file:flags.json"], {
      "/etc/flagd": folder,
    });
    expect(text).toContain(message);
  });

  test("a password, a database or rights that are wrong", async () => {
    const users = [["flagd", "on", ">pw", "~other", "+@all"]];
    await using redis = await RedisServer.start({ password: "s3cr3t", users });
    for (const [credentials, database] of [
      ["wrong@", 0],
      ["", 0],
      ["s3cr3t@", 99],
      ["flagd:pw@", 0],
    ]) {
      const uri = `redis://${credentials}127.0.0.1:${redis.port}/${database}?key=flags`;
      const { message, text } = await refused(["--uri", uri], {
        "redis://localhost:6379/0": `redis://127.0.0.1:${redis.port}/0`,
        "client\\|": "client|",
      });
      expect(text).toContain(message.replace(/^source \S+: (?!the server rejected)/, "… "));
    }
  });

  test.each([
    ["foreign", { certPath: true }],
    ["expired", { certPath: true }],
    ["wrongHost", { certPath: true }],
    ["server", { certPath: false }],
  ] as const)("an upstream with TLS: %s, %j", async (name, { certPath }) => {
    const { cert, key } = certificates[name];
    const tls = ["-c", cert, "-k", key, "--ofrep-tls=false"];
    await using upstream = await startFlagd(["--uri", `file:${example}`, ...tls]);
    const source = {
      provider: "grpc",
      uri: `localhost:${upstream.syncPort}`,
      ...(certPath && { certPath: certificates.ca.cert }),
    };
    const { message, text } = await refused(["--sources", JSON.stringify([source])], {});
    expect(text).toContain(message.replace(/^source localhost:\d+: /, "… "));
  });

  test("an HTTP server that refuses the credentials", async () => {
    using server = new DocumentServer();
    server.behaviour = () => new Response("", { status: 401 });
    const uri = `${server.url}/flags.json`;
    const { message, text } = await refused(["--uri", uri], {
      "localhost:8080": new URL(uri).host,
    });
    expect(text).toContain(message);
  });

  test("a FeatureFlag without a cluster", async () => {
    const { message, text } = await refused(["--uri", "core.openfeature.dev/shop/flags"], {});
    expect(text).toContain(message);
  });

  test("an upstream's evaluation port", async () => {
    await using upstream = await startFlagd(["--uri", `file:${example}`]);
    const args = ["--uri", `grpc://localhost:${upstream.port}`];
    const { message, text } = await refused(args, {
      "localhost:8013": `localhost:${upstream.port}`,
    });
    expect(text).toContain(message);
  });

  test.each(["foreign", "expired", "wrongHost", "server"] as const)(
    "Redis with TLS: %s",
    async (name) => {
      const clientCa = name === "server" ? { clientCa: certificates.ca } : {};
      const tls = { server: certificates[name], ...clientCa };
      await using redis = await RedisServer.start({ tls });
      const uri = `rediss://localhost:${redis.port}/0?key=flags`;
      const source = { provider: "redis", uri, certPath: certificates.ca.cert };
      const { message, text } = await refused(["--sources", JSON.stringify([source])], {});
      expect(text).toContain(message.replace(/^source \S+: /, "… "));
    },
  );
});

describe("what a running flagd goes on without", () => {
  /** Waits until something is said that was not said before, and looks it up on the page. */
  const says = async (
    flagd: Flagd,
    names: Readonly<Record<string, string>>,
    action: () => Promise<unknown> | unknown,
    pattern: RegExp,
  ) => {
    const before = messages(flagd.log()).length;
    await action();
    const message = await until(`a message like ${pattern}`, () =>
      messages(flagd.log())
        .slice(before)
        .find((message) => pattern.test(message)),
    );
    expect(shown(names)).toContain(message);
  };

  test("Redis and the document in it", async () => {
    await using redis = await RedisServer.start();
    await redis.set("flags", await Bun.file(example).text());
    const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
    const source = { provider: "redis", uri, interval: 1 };
    await using flagd = await startFlagd(["--sources", JSON.stringify([source])]);
    const names = { "localhost:6379": `127.0.0.1:${redis.port}` };
    const wrong = `{"flags":{"a":{"state":"ENABLED","variants":[1]},
      "b":{"state":"ENABLED","variants":{"x":1},"defaultVariant":"y"}}}`;
    const odd = '{"flags":{"a":{"State":"ENABLED","state":"ENABLED","variants":{"x":1}}}}';
    const steps: [() => Promise<unknown>, RegExp][] = [
      [() => redis.command("DEL", "flags"), /does not exist/],
      [() => redis.command("SET", "flags", ""), /empty/],
      [
        () =>
          redis.command("EVAL", "redis.call('del', 'flags') redis.call('lpush', 'flags', 1)", "0"),
        /neither/,
      ],
      [() => redis.command("SET", "flags", '{"flags":{'), /not valid JSON/],
      [() => redis.set("flags", wrong), /rejected/],
      [() => redis.set("flags", odd), /with warnings/],
      [() => redis.kill(), /connection refused/],
    ];
    for (const [action, pattern] of steps) await says(flagd, names, action, pattern);
  });

  test("a file", async () => {
    const file = join(folder, "watched.json");
    copyFileSync(example, file);
    await using flagd = await startFlagd(["--uri", "file:watched.json"], { cwd: folder });
    const names = { "flags.json": "watched.json" };
    await says(flagd, names, () => unlinkSync(file), /cannot read/);
    await says(flagd, names, () => writeFileSync(file, ""), /is empty/);
  });

  test("a Redis that takes no more clients", async () => {
    await using redis = await RedisServer.start({ config: [["maxclients", "1"]] });
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: redis.port,
      socket: { data: () => {} },
    });
    const uri = `redis://127.0.0.1:${redis.port}/0?key=flags`;
    await using flagd = await startFlagd(["--uri", uri], { unready: true });
    const message = await until("a message", () => messages(flagd.log())[0]);
    socket.end();
    expect(page).toContain(message);
  });

  test("an HTTP server", async () => {
    using server = new DocumentServer();
    const uri = `${server.url}/flags.json`;
    const source = { provider: "http", uri, interval: 1, timeoutS: 2 };
    await using flagd = await startFlagd(["--sources", JSON.stringify([source])]);
    const names = { "localhost:8080": new URL(uri).host };
    const answers: [() => Response | Promise<Response>, RegExp][] = [
      [() => new Response("", { status: 404 }), /404/],
      [() => new Response(""), /is empty/],
      [() => new Response("", { status: 401 }), /401/],
      [() => Bun.sleep(4000).then(() => new Response("{}")), /did not finish/],
    ];
    for (const [behaviour, pattern] of answers) {
      await says(flagd, names, () => Object.assign(server, { behaviour }), pattern);
    }
    await says(flagd, names, () => server[Symbol.dispose](), /connection refused/);
  });

  test("an upstream", async () => {
    const [port = 0] = await freePorts(1);
    const args = ["--uri", `grpc://127.0.0.1:${port}`];
    await using flagd = await startFlagd(args, { unready: true });
    const message = await until("a message", () => messages(flagd.log())[0]);
    expect(shown({ "127.0.0.1:8016": `127.0.0.1:${port}` })).toContain(message);
  });
});
