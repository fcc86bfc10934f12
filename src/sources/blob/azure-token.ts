import type { Environment } from "../../core/process-info.ts";
import { fetchToken, requestToken, type Token } from "../http/oauth.ts";
import { readTextFile } from "../settings.ts";
import type { WebClient } from "../web/web-client.ts";

const storageResource = "https://storage.azure.com/";
const imdsHost = "http://169.254.169.254";

/**
 * An access token of Microsoft Entra ID: a client's secret, a workload identity's token file, or the managed
 * identity of the machine, by the variables of Azure's SDKs.
 * @throws SourceError
 */
export async function azureToken(
  env: Environment,
  client: WebClient,
  signal: AbortSignal,
): Promise<Token> {
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: id, AZURE_CLIENT_SECRET: secret } = env;
  const file = env.AZURE_FEDERATED_TOKEN_FILE;
  if (tenant && id && (secret || file)) {
    const host = env.AZURE_AUTHORITY_HOST || "https://login.microsoftonline.com";
    const url = new URL(`/${encodeURIComponent(tenant)}/oauth2/v2.0/token`, host);
    const proof: Record<string, string> = secret
      ? { client_secret: secret }
      : {
          client_assertion: await readAssertion(file ?? ""),
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        };
    const scope = `${storageResource}.default`;
    const form = { grant_type: "client_credentials", client_id: id, scope, ...proof };
    return requestToken(client, url, form, signal);
  }
  const url = new URL(
    "/metadata/identity/oauth2/token",
    env.AZURE_POD_IDENTITY_AUTHORITY_HOST || imdsHost,
  );
  url.searchParams.set("api-version", "2018-02-01");
  url.searchParams.set("resource", storageResource);
  if (id) url.searchParams.set("client_id", id);
  return fetchToken(client, { url, headers: { metadata: "true" }, direct: true }, signal);
}

async function readAssertion(path: string): Promise<string> {
  return (await readTextFile(path, (reason) => `AZURE_FEDERATED_TOKEN_FILE: ${reason}`)).trim();
}
