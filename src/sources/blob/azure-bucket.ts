import { createHmac } from "node:crypto";
import { ConfigError } from "../../core/errors.ts";
import type { Environment } from "../../core/process-info.ts";
import type { WebRequest } from "../web/web-client.ts";
import type { AzureCredentials } from "./azure-credentials.ts";
import { encodeKey, isOn, parseBlobUri } from "./blob-location.ts";
import type { Bucket, BucketDependencies } from "./blob-source.ts";

const apiVersion = "2021-08-06";
const known = {
  domain: "text",
  protocol: "text",
  localemu: "boolean",
  storage_account: "text",
} as const;

/**
 * Azure Blob Storage by its REST API, entered by account key, shared access signature or Entra ID.
 * @throws ConfigError for a wrong URI or variable
 */
export function azureBucket(uri: string, { client, env }: BucketDependencies): Bucket {
  const { bucket, key, options } = parseBlobUri(uri, "azblob", known);
  const account = azureAccount(env, options);
  const path = `${account.endpoint}/${encodeURIComponent(bucket)}/${encodeKey(key)}`;
  const url = new URL(account.sas && !account.key ? `${path}?${account.sas}` : path);
  let credentials: AzureCredentials | undefined;
  return {
    key,
    advice: "check the AZURE_STORAGE_ and AZURE_ variables and the permissions of the account",
    forget: () => credentials?.forget(),
    async request(conditions, signal) {
      const headers = {
        ...conditions,
        "x-ms-date": new Date().toUTCString(),
        "x-ms-version": apiVersion,
      };
      if (account.key) return signed({ url, headers }, account.account, account.key);
      if (account.sas) return { url, headers };
      const { AzureCredentials } = await import("./azure-credentials.ts");
      credentials ??= new AzureCredentials(client);
      const authorization = `Bearer ${await credentials.get(signal)}`;
      return { url, headers: { ...headers, authorization } };
    },
  };
}

/**
 * A GET with the signature of a shared key; https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
 * @param key in base64
 */
export function signed(
  request: WebRequest & { readonly headers: Readonly<Record<string, string>> },
  account: string,
  key: string,
): WebRequest {
  const { url, headers } = request;
  const own = Object.keys(headers)
    .filter((name) => name.startsWith("x-ms-"))
    .sort()
    .map((name) => `${name}:${headers[name]}\n`);
  // The lines that a GET leaves empty: encoding, language, length, MD5, type and date of the content,
  // If-Modified-Since and If-Match before If-None-Match, If-Unmodified-Since and Range after it.
  const fields = ["GET", ...Array(8).fill(""), headers["if-none-match"] ?? "", "", "", ""];
  const text = `${fields.join("\n")}${own.join("")}/${account}${url.pathname}`;
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
  return {
    ...request,
    headers: { ...headers, authorization: `SharedKey ${account}:${signature}` },
  };
}

/** Where an Azure storage account is and how it is entered. */
interface AzureAccount {
  readonly account: string;
  /** URL of the account's blobs, without a slash at the end. */
  readonly endpoint: string;
  /** In base64. */
  readonly key?: string | undefined;
  /** Query of a shared access signature, without the question mark. */
  readonly sas?: string | undefined;
}

const keyPattern = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * The account of AZURE_STORAGE_ACCOUNT or AZURE_STORAGE_CONNECTION_STRING.
 * @throws ConfigError naming the variable
 */
export function azureAccount(env: Environment, options: Readonly<Record<string, string>>) {
  const text = env.AZURE_STORAGE_CONNECTION_STRING;
  const connection = text ? parseConnectionString(text) : {};
  const account = env.AZURE_STORAGE_ACCOUNT || options.storage_account || connection.AccountName;
  if (!account || /\s/.test(account)) {
    throw new ConfigError(
      "set AZURE_STORAGE_ACCOUNT to the name of the storage account, or AZURE_STORAGE_CONNECTION_STRING",
    );
  }
  const key = connection.AccountKey || env.AZURE_STORAGE_KEY || undefined;
  if (key !== undefined && !keyPattern.test(key)) {
    throw new ConfigError("environment variable AZURE_STORAGE_KEY is not base64");
  }
  const sas = connection.SharedAccessSignature || env.AZURE_STORAGE_SAS_TOKEN;
  const endpoint = connection.BlobEndpoint || endpointOf(account, env, options, connection);
  if (!URL.canParse(endpoint) || !/^https?:/.test(endpoint)) {
    throw new ConfigError("the endpoint of the Azure storage account is not an http or https URL");
  }
  return {
    account,
    endpoint: endpoint.replace(/\/$/, ""),
    key,
    sas: sas?.replace(/^\?/, "") || undefined,
  } satisfies AzureAccount;
}

function endpointOf(
  account: string,
  env: Environment,
  options: Readonly<Record<string, string>>,
  connection: Readonly<Record<string, string>>,
): string {
  const emulator = isOn(options.localemu ?? env.AZURE_STORAGE_IS_LOCAL_EMULATOR);
  const protocol =
    options.protocol ||
    env.AZURE_STORAGE_PROTOCOL ||
    connection.DefaultEndpointsProtocol ||
    (emulator ? "http" : "https");
  const suffix = `blob.${connection.EndpointSuffix || "core.windows.net"}`;
  const domain =
    options.domain || env.AZURE_STORAGE_DOMAIN || (emulator ? "127.0.0.1:10000" : suffix);
  return emulator ? `${protocol}://${domain}/${account}` : `${protocol}://${account}.${domain}`;
}

function parseConnectionString(text: string): Readonly<Record<string, string>> {
  const members = text
    .split(";")
    .filter((member) => member.trim() !== "")
    .map((member) => [member.split("=", 1)[0]?.trim(), member.replace(/^[^=]*=/, "").trim()]);
  return Object.fromEntries(members);
}
