import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AzureCredentials } from "../../src/sources/blob/azure-credentials.ts";
import { isPermanent } from "../../src/sources/source.ts";
import { WebClient } from "../../src/sources/web/web-client.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";

const folder = mkdtempSync(join(tmpdir(), "flagd-azure-"));
let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => {
  certificates.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** The library reads the variables of the process. */
const variable = /^(AZURE_|IDENTITY_|PATH$)/;
const before = Object.entries(process.env).filter(([name]) => variable.test(name));
function setVariables(env: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) {
    if (variable.test(name)) delete process.env[name];
  }
  Object.assign(process.env, { PATH: folder }, env);
}
afterEach(() => setVariables(Object.fromEntries(before)));

const never = new AbortController().signal;
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

function credentials(env: Readonly<Record<string, string>>): AzureCredentials {
  setVariables(env);
  const ca = readFileSync(certificates.ca.cert, "utf8");
  return new AzureCredentials(new WebClient({ tls: () => ({ ca }) }));
}

async function failure(env: Readonly<Record<string, string>>): Promise<unknown> {
  return await credentials(env)
    .get(never)
    .then(
      (token) => token,
      (error: unknown) => error,
    );
}

/** Microsoft Entra ID as far as clients without users need it. */
class Entra implements Disposable {
  /** Seconds that its tokens are good for. */
  lifetime = 3600;
  refusal: Response | undefined;
  readonly forms: URLSearchParams[] = [];
  readonly #server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: {
      cert: readFileSync(certificates.server.cert, "utf8"),
      key: readFileSync(certificates.server.key, "utf8"),
    },
    fetch: async (request) => {
      const base = `${this.url}/tenant`;
      if (request.url.endsWith("openid-configuration")) {
        return Response.json({
          authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
          token_endpoint: `${base}/oauth2/v2.0/token`,
          issuer: `${base}/v2.0`,
          jwks_uri: `${base}/keys`,
        });
      }
      this.forms.push(new URLSearchParams(await request.text()));
      if (this.refusal) return this.refusal.clone();
      const access_token = `token-${this.forms.length}`;
      return Response.json({ token_type: "Bearer", expires_in: this.lifetime, access_token });
    },
  });

  get url(): string {
    return `https://localhost:${this.#server.port}`;
  }

  get env() {
    return { AZURE_AUTHORITY_HOST: this.url, AZURE_TENANT_ID: "tenant", AZURE_CLIENT_ID: "id" };
  }

  [Symbol.dispose](): void {
    this.#server.stop(true);
  }
}

describe("a token of Microsoft Entra ID", () => {
  test("is had for a client's secret, from an authority of a private CA, and kept", async () => {
    using entra = new Entra();
    const azure = credentials({ ...entra.env, AZURE_CLIENT_SECRET: "s" });
    expect([await azure.get(never), await azure.get(never)]).toEqual(["token-1", "token-1"]);
    expect(entra.forms[0]?.get("client_secret")).toBe("s");
    expect(entra.forms[0]?.get("scope")).toBe("https://storage.azure.com/.default");
  });

  test("is had for the token of a workload identity", async () => {
    using entra = new Entra();
    const path = file("federated", "projected");
    const azure = credentials({ ...entra.env, AZURE_FEDERATED_TOKEN_FILE: path });
    expect(await azure.get(never)).toBe("token-1");
    expect(entra.forms[0]?.get("client_assertion")).toBe("projected");
  });

  test("is another one when the first is about to expire, or was refused", async () => {
    using entra = new Entra();
    const azure = credentials({ ...entra.env, AZURE_CLIENT_SECRET: "s" });
    // The library replaces tokens five minutes early.
    entra.lifetime = 299;
    expect([await azure.get(never), await azure.get(never)]).toEqual(["token-1", "token-2"]);
    entra.lifetime = 3600;
    expect(await azure.get(never)).toBe("token-3");
    azure.forget();
    expect(await azure.get(never)).toBe("token-4");
  });

  test("that is refused: what the server says ends the start, without the secret", async () => {
    using entra = new Entra();
    const refusal = { error: "invalid_client", error_description: "AADSTS7000215: not s3cret" };
    entra.refusal = Response.json(refusal, { status: 401 });
    const error = await failure({ ...entra.env, AZURE_CLIENT_SECRET: "s3cret" });
    expect(String(error)).toMatch(
      /no Azure credentials: the token server localhost:\d+ responded with 401 Unauthorized \(invalid_client\)/,
    );
    expect([isPermanent(error), String(error).includes("s3cret")]).toEqual([true, false]);
  });

  test("that cannot be had for now is asked for again", async () => {
    using entra = new Entra();
    entra.refusal = new Response("later", { status: 503 });
    const azure = credentials({ ...entra.env, AZURE_CLIENT_SECRET: "s" });
    const error: unknown = await azure.get(never).catch((error: unknown) => error);
    expect(String(error)).toContain("responded with 503");
    expect(isPermanent(error)).toBe(false);
    entra.refusal = undefined;
    expect(await azure.get(never)).toBe("token-2");
  });

  test.each([
    [
      "a file that is not there",
      { AZURE_FEDERATED_TOKEN_FILE: "/nowhere" },
      /AZURE_FEDERATED_TOKEN_FILE: .*no such file/,
    ],
    [
      "plain HTTP",
      { AZURE_AUTHORITY_HOST: "http://localhost:1" },
      /AZURE_AUTHORITY_HOST is not an https URL/,
    ],
  ])("with %s: the variable is named, and the start ends", async (_what, env, reason) => {
    using entra = new Entra();
    const error = await failure({ ...entra.env, ...env });
    expect(String(error)).toMatch(reason);
    expect(isPermanent(error)).toBe(true);
  });
});

test("the Azure CLI gives a token", async () => {
  const answer = { accessToken: "cli", expires_on: Math.floor(Date.now() / 1000) + 3600 };
  const az = file("az", `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`);
  chmodSync(az, 0o755);
  const env = { AZURE_TOKEN_CREDENTIALS: "AzureCliCredential", PATH: `${folder}:/bin:/usr/bin` };
  expect(await credentials(env).get(never)).toBe("cli");
  rmSync(az);
});

test("without any credentials the message says what to set, and the wait goes on", async () => {
  const error = await failure({ AZURE_TOKEN_CREDENTIALS: "dev" });
  expect(String(error)).toContain("no Azure credentials: set AZURE_STORAGE_KEY");
  expect(isPermanent(error)).toBe(false);
});
