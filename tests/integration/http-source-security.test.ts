import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HttpSourceConfig, OAuthSettings } from "../../src/sources/http/http-kind.ts";
import { HttpSource } from "../../src/sources/http/http-source.ts";
import { isPermanent } from "../../src/sources/source.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { DocumentServer } from "../support/document-server.ts";
import { hastyClock, RunningSource } from "../support/running-source.ts";
import { httpConfig } from "../support/source-configs.ts";
import { until } from "../support/until.ts";

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates.remove());

function run(uri: string, members: Partial<HttpSourceConfig> = {}) {
  return new RunningSource(new HttpSource(httpConfig(uri, members), { clock: hastyClock }));
}

describe("TLS", () => {
  const file = (path: string) => Bun.file(path);
  const served = (by: "server" | "expired" | "wrongHost") => ({
    cert: file(certificates[by].cert),
    key: file(certificates[by].key),
  });

  test("certPath names the CA to trust", async () => {
    using server = new DocumentServer(served("server"));
    await using source = run(`${server.url}/flags`, { certPath: certificates.ca.cert });
    await source.delivers(server.document);
    await source.finds();
  });

  test("a client certificate is shown to a server that wants one", async () => {
    using server = new DocumentServer({
      ...served("server"),
      ca: file(certificates.ca.cert),
      requestCert: true,
      rejectUnauthorized: true,
    });
    const certPath = certificates.ca.cert;
    await using source = run(`${server.url}/flags`, {
      certPath,
      clientCertPath: certificates.client.cert,
      clientKeyPath: certificates.client.key,
    });
    await source.delivers(server.document);
    await using without = run(`${server.url}/flags`, { certPath });
    await without.fails(/requires a client certificate|connection was lost/);
    expect(without.payloads).toEqual([]);
  });

  test.each([
    ["of an unknown CA", "server", "foreignCa", "set certPath to the CA that signed it"],
    ["that has expired", "expired", "ca", "has expired"],
    ["of another host", "wrongHost", "ca", "is for another host name"],
  ] as const)("a certificate %s at start is fatal", async (_what, by, ca, reason) => {
    using server = new DocumentServer(served(by));
    await using source = run(`${server.url}/flags`, { certPath: certificates[ca].cert });
    const error = await source.ended;
    expect(error).toSatisfy(isPermanent);
    expect(String(error)).toContain(reason);
  });

  test("without certPath the system decides, who does not know our CA", async () => {
    using server = new DocumentServer(served("server"));
    await using source = run(`${server.url}/flags`);
    expect(String(await source.ended)).toContain("set certPath to the CA that signed it");
  });

  test("a file that is no certificate is fatal and named", async () => {
    await using source = run("https://127.0.0.1:1/flags", { certPath: certificates.ca.key });
    expect(String(await source.ended)).toContain("(certPath) does not contain a PEM certificate");
    await using other = run("https://127.0.0.1:1/flags", {
      clientCertPath: certificates.client.cert,
      clientKeyPath: certificates.server.key,
    });
    expect(String(await other.ended)).toContain("(clientKeyPath) does not match the certificate");
  });
});

describe("OAuth", () => {
  class TokenServer extends DocumentServer {
    issued = 0;
    lifetime: number | undefined = 3600;
    constructor() {
      super();
      this.behaviour = () =>
        Response.json({
          access_token: `token-${++this.issued}`,
          token_type: "bearer",
          ...(this.lifetime !== undefined && { expires_in: this.lifetime }),
        });
    }
    get oauth(): OAuthSettings & { readonly tokenUrl: string } {
      return {
        clientID: "me",
        clientSecret: "s&cret=1",
        tokenUrl: `${this.url}/token`,
      };
    }
  }

  test("a token is had with the credentials in the body, and used for all polls", async () => {
    using tokens = new TokenServer();
    using server = new DocumentServer();
    await using source = run(`${server.url}/flags`, {
      oauth: tokens.oauth,
      authHeader: "replaced",
    });
    await source.delivers(server.document);
    await until("several polls", () => server.requests.length > 3);
    expect(new Set(server.header("authorization"))).toEqual(new Set(["Bearer token-1"]));
    expect(tokens.requests).toHaveLength(1);
    const [asked] = tokens.requests;
    expect(asked?.request.method).toBe("POST");
    expect(asked?.request.headers.get("content-type")).toBe("application/x-www-form-urlencoded");
    expect(asked?.request.headers.get("authorization")).toBeNull();
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      client_id: "me",
      client_secret: "s&cret=1",
      grant_type: "client_credentials",
    });
  });

  test("a token is renewed when it expires", async () => {
    using tokens = new TokenServer();
    tokens.lifetime = 0.2;
    using server = new DocumentServer();
    await using source = run(`${server.url}/flags`, { oauth: tokens.oauth });
    await until("a third token", () => server.header("authorization").includes("Bearer token-3"));
    expect(source.failures).toEqual([]);
  });

  test("a token that the server no longer takes is replaced at once", async () => {
    using tokens = new TokenServer();
    using server = new DocumentServer();
    let good = "Bearer token-1";
    server.behaviour = ({ headers }) =>
      headers.get("authorization") === good ? undefined : new Response(null, { status: 401 });
    await using source = run(`${server.url}/flags`, { oauth: tokens.oauth });
    await source.finds();
    good = "Bearer token-2";
    await until("the second token", () => server.header("authorization").includes(good));
    await source.finds();
    expect(source.failures).toEqual([]);
  });

  test("refused credentials at start are fatal, and not shown", async () => {
    using tokens = new TokenServer();
    tokens.behaviour = () => Response.json({ error: "invalid_client" }, { status: 401 });
    using server = new DocumentServer();
    await using source = run(`${server.url}/flags`, { oauth: tokens.oauth });
    const error = await source.ended;
    expect(error).toSatisfy(isPermanent);
    expect(String(error)).toContain("(invalid_client)");
    expect(String(error)).not.toContain("s&cret");
    expect(server.requests).toHaveLength(0);
  });

  test("a token server in trouble is waited for, without it nothing is asked for", async () => {
    using tokens = new TokenServer();
    const well = tokens.behaviour;
    using server = new DocumentServer();
    tokens.behaviour = () => new Response("<html>", { status: 200 });
    await using source = run(`${server.url}/flags`, { oauth: tokens.oauth });
    await source.fails("responded without an access_token");
    tokens.behaviour = () => new Response(null, { status: 503 });
    await source.fails("responded with 503");
    expect(server.requests).toHaveLength(0);
    tokens.behaviour = well;
    await source.delivers(server.document);
  });

  test("credentials are not sent after a redirection", async () => {
    using tokens = new TokenServer();
    using elsewhere = new TokenServer();
    tokens.behaviour = () => Response.redirect(elsewhere.oauth.tokenUrl, 307);
    using server = new DocumentServer();
    await using source = run(`${server.url}/flags`, { oauth: tokens.oauth });
    await source.fails("responded with 307");
    expect(elsewhere.requests).toHaveLength(0);
  });

  describe("folder", () => {
    const folder = mkdtempSync(join(tmpdir(), "flagd-oauth-"));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test("holds the credentials, with or without a line break", async () => {
      using tokens = new TokenServer();
      using server = new DocumentServer();
      writeFileSync(join(folder, "client-id"), "from file");
      writeFileSync(join(folder, "client-secret"), "hidden\n");
      const oauth = { ...tokens.oauth, folder };
      await using source = run(`${server.url}/flags`, { oauth });
      await source.delivers(server.document);
      const form = new URLSearchParams(tokens.requests[0]?.body);
      expect([form.get("client_id"), form.get("client_secret")]).toEqual(["from file", "hidden"]);
    });

    test("that is missing is fatal and named", async () => {
      using tokens = new TokenServer();
      const oauth = { ...tokens.oauth, folder: join(folder, "none") };
      await using source = run("http://127.0.0.1:1/flags", { oauth });
      expect(String(await source.ended)).toContain("(oauth.folder)");
    });
  });
});
