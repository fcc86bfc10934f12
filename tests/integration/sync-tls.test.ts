/** TLS between redis-sync and a daemon: what is trusted, what is refused, and in which words. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Certificates, type KeyPair, makeCertificates } from "../support/certificates.ts";
import { runFlagd, startFlagd } from "../support/flagd.ts";
import { RedisServer } from "../support/redis.ts";
import { RedisSync } from "../support/redis-sync.ts";
import { until } from "../support/until.ts";

let certificates: Certificates;
let redis: RedisServer;

beforeAll(async () => {
  certificates = makeCertificates();
  redis = await RedisServer.start();
  await redis.set(
    "flags",
    '{"flags":{"x":{"state":"ENABLED","variants":{"a":1},"defaultVariant":"a"}}}',
  );
});

afterAll(async () => {
  await redis?.[Symbol.asyncDispose]();
  certificates?.remove();
});

const serve = ({ cert, key }: KeyPair, ...more: string[]) =>
  RedisSync.start(redis, [
    ...["--redis-sync-cert-path", cert, "--redis-sync-key-path", key],
    ...more,
  ]);

const sources = (port: number, members: object, host = "localhost") => [
  "--sources",
  JSON.stringify([{ uri: `${host}:${port}`, provider: "grpc", ...members }]),
];

/** What a daemon says that does not start. */
async function refusal(port: number, members: object, host?: string): Promise<string> {
  const ports = ["-p", "0", "-m", "0", "-r", "0", "-g", "0"];
  const { code, stderr } = await runFlagd(["start", ...ports, ...sources(port, members, host)]);
  expect(code).toBe(1);
  return stderr;
}

const client = ({ cert, key }: KeyPair) => ({ clientCertPath: cert, clientKeyPath: key });

describe("a private CA", () => {
  test("given as certPath is trusted, by name and by address", async () => {
    await using sync = await serve(certificates.server);
    for (const host of ["localhost", "127.0.0.1", "grpcs://localhost"]) {
      const args = sources(sync.port, { certPath: certificates.ca.cert }, host);
      await using flagd = await startFlagd(args);
      await until("its line", () => flagd.log().includes("ready"));
    }
  });

  test.each([
    ["expired", "the server's certificate has expired"],
    ["wrongHost", "the server's certificate is for another host name"],
    ["foreign", "the server's certificate is not signed by a trusted CA"],
  ] as const)("a server with the certificate %s is refused in these words", async (name, words) => {
    await using sync = await serve(certificates[name]);
    expect(await refusal(sync.port, { certPath: certificates.ca.cert })).toContain(words);
  });

  test("a certificate for another name is not for an address either", async () => {
    await using sync = await serve(certificates.wrongHost);
    const said = await refusal(sync.port, { certPath: certificates.ca.cert }, "127.0.0.1");
    expect(said).toContain("the server's certificate is for another host name");
  });

  test("is not trusted unless it is given", async () => {
    await using sync = await serve(certificates.server);
    const said = await refusal(sync.port, { tls: true });
    expect(said).toContain("not signed by a trusted CA: set certPath to the CA that signed it");
  });

  test("is trusted if the operator has added it to the system's", async () => {
    await using sync = await serve(certificates.server);
    const env = { SSL_CERT_FILE: certificates.ca.cert };
    await using flagd = await startFlagd(["-f", `grpcs://localhost:${sync.port}`], { env });
    expect(flagd.log()).toContain("ready");
  });

  test("plaintext meets TLS, and TLS meets plaintext", async () => {
    await using secure = await serve(certificates.server);
    expect(await refusal(secure.port, {})).toContain("the server expects TLS on this port");
    expect(await refusal(secure.port, {}, "127.0.0.1")).toContain("expects TLS");
    await using plain = await RedisSync.start(redis);
    const said = await refusal(plain.port, { tls: true });
    expect(said).toContain("the server does not speak TLS on this port");
  });

  test("files that cannot be used are named by their option", async () => {
    const { ca, server, client: own } = certificates;
    const missing = `${certificates.folder}/missing.pem`;
    expect(await refusal(1, { certPath: missing })).toContain("(certPath): there is no such file");
    const mixed = { certPath: ca.cert, clientCertPath: own.cert, clientKeyPath: server.key };
    expect(await refusal(1, mixed)).toMatch(
      /\(clientKeyPath\) does not match the certificate .*\(clientCertPath\)/,
    );
  });
});

describe("mutual TLS", () => {
  let sync: RedisSync;
  const ca = () => ({ certPath: certificates.ca.cert });

  beforeAll(async () => {
    sync = await serve(certificates.server, "--redis-sync-client-ca-path", certificates.ca.cert);
  });
  afterAll(async () => {
    await sync?.[Symbol.asyncDispose]();
  });

  test("takes a client whose certificate the CA has signed", async () => {
    const args = sources(sync.port, { ...ca(), ...client(certificates.client) });
    await using flagd = await startFlagd(args);
    await until("its line", () => flagd.log().includes("ready"));
  });

  test("refuses a client without a certificate", async () => {
    const said = await refusal(sync.port, ca());
    expect(said).toMatch(/requires? a client certificate/);
    expect(said).toContain("clientCertPath");
  });

  test.each(["foreign", "expired"] as const)(
    "refuses a client with the certificate %s",
    async (name) => {
      const said = await refusal(sync.port, { ...ca(), ...client(certificates[name]) });
      expect(said).toMatch(/client certificate.*clientCertPath/);
    },
  );
});

test("a server whose certificate goes bad later is a warning, and the flags stay", async () => {
  const { server, expired, ca, folder } = certificates;
  const live = { cert: `${folder}/live.crt`, key: `${folder}/live.key` };
  const install = async ({ cert, key }: KeyPair) => {
    await Bun.write(live.cert, Bun.file(cert));
    await Bun.write(live.key, Bun.file(key));
  };
  await install(server);
  await using sync = await serve(live);
  await using flagd = await startFlagd(sources(sync.port, { certPath: ca.cert }));
  await sync.kill();
  await install(expired);
  await sync.start();
  await until("the warning", () =>
    flagd.log().includes("certificate has expired: renew it; serving the last accepted flags"),
  );
  expect((await fetch(`${flagd.http}/readyz`)).status).toBe(200);
  await sync.kill();
  await install(server);
  await sync.start();
  await redis.set("flags", '{"flags":{}}');
  await until("the next flags", () => /flags changed.*flags=0/.test(flagd.log()));
});
