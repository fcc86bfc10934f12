import { createSign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../core/environment.ts";
import { isPermanent, messageOf, SourceError } from "../source-error.ts";
import type { Token } from "../web/token-cache.ts";
import { fetchToken, requestToken } from "../web/token-request.ts";
import type { WebClient } from "../web/web-client.ts";

const readOnlyScope = "https://www.googleapis.com/auth/devstorage.read_only";
const tokenUrl = "https://oauth2.googleapis.com/token";
const metadataPath = "/computeMetadata/v1/instance/service-accounts/default/token";

/**
 * An access token by Application Default Credentials: the file of GOOGLE_APPLICATION_CREDENTIALS, gcloud's own
 * file, the metadata server of Google Cloud. https://cloud.google.com/docs/authentication/application-default-credentials
 * @throws SourceError
 */
export async function googleToken(
  env: Environment,
  client: WebClient,
  signal: AbortSignal,
): Promise<Token> {
  const credentials = await readCredentials(env);
  if (credentials === undefined) {
    const host = env.GCE_METADATA_HOST || "metadata.google.internal";
    const url = new URL(metadataPath, `http://${host}`);
    const request = { url, headers: { "metadata-flavor": "Google" }, direct: true };
    return fetchToken(client, request, signal).catch((error: unknown) => {
      // Outside of Google Cloud nobody meant this, the last of the places.
      throw new SourceError(
        `no Google credentials: set GOOGLE_APPLICATION_CREDENTIALS to the file of a key (the metadata service: ${messageOf(error)})`,
        { retryable: !isPermanent(error) },
      );
    });
  }
  const { type, token_uri = tokenUrl } = credentials;
  const required = (name: string): string => {
    const value = credentials[name];
    if (value) return value;
    throw new SourceError(`the Google credentials have no ${name}`, { retryable: false });
  };
  switch (type) {
    case "service_account": {
      const assertion = jwt(required("client_email"), required("private_key"), token_uri);
      const grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
      return requestToken(client, new URL(token_uri), { grant_type, assertion }, signal);
    }
    case "authorized_user": {
      const form = {
        grant_type: "refresh_token",
        client_id: required("client_id"),
        client_secret: required("client_secret"),
        refresh_token: required("refresh_token"),
      };
      return requestToken(client, new URL(token_uri), form, signal);
    }
    default:
      throw new SourceError(
        `Google credentials of type ${JSON.stringify(type)} are not supported, only service_account and authorized_user`,
        { retryable: false },
      );
  }
}

/** A self-signed assertion (RFC 7523), valid for an hour. */
function jwt(issuer: string, privateKey: string, audience: string): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iss: issuer, scope: readOnlyScope, aud: audience, iat: now, exp: now + 3600 };
  const unsigned = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  try {
    const signature = createSign("RSA-SHA256").update(unsigned).sign(privateKey, "base64url");
    return `${unsigned}.${signature}`;
  } catch {
    throw new SourceError("the private_key of the Google credentials cannot be used", {
      retryable: false,
    });
  }
}

/** The texts of the file; undefined: there is no file and none is named. */
async function readCredentials(env: Environment): Promise<Record<string, string> | undefined> {
  const named = env.GOOGLE_APPLICATION_CREDENTIALS;
  const folder = env.CLOUDSDK_CONFIG ?? join(env.HOME ?? homedir(), ".config/gcloud");
  const path = named || join(folder, "application_default_credentials.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (!named) return undefined;
    throw new SourceError(`GOOGLE_APPLICATION_CREDENTIALS: ${messageOf(error)}`, {
      retryable: false,
    });
  }
  try {
    const members = Object.entries(JSON.parse(text) as object);
    return Object.fromEntries(members.filter(([, value]) => typeof value === "string"));
  } catch {
    throw new SourceError(`the Google credentials in ${path} are not JSON`, { retryable: false });
  }
}
