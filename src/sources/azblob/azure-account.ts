import { ConfigError } from "../../core/config-error.ts";
import type { Environment } from "../../core/environment.ts";
import { isOn } from "../blob/blob-location.ts";

/** Where an Azure storage account is and how it is entered. */
export interface AzureAccount {
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
