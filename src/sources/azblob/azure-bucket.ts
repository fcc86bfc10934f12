import { createHmac } from "node:crypto";
import { encodeKey, parseBlobUri } from "../blob/blob-location.ts";
import type { Bucket, BucketDependencies } from "../blob/bucket.ts";
import { TokenCache } from "../web/token-cache.ts";
import type { WebRequest } from "../web/web-client.ts";
import { azureAccount } from "./azure-account.ts";
import { azureToken } from "./azure-token.ts";

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
export function azureBucket(uri: string, { client, clock, env }: BucketDependencies): Bucket {
  const { bucket, key, options } = parseBlobUri(uri, "azblob", known);
  const account = azureAccount(env, options);
  const path = `${account.endpoint}/${encodeURIComponent(bucket)}/${encodeKey(key)}`;
  const url = new URL(account.sas && !account.key ? `${path}?${account.sas}` : path);
  const tokens = new TokenCache(clock, (signal) => azureToken(env, client, signal));
  return {
    key,
    advice: "check the AZURE_STORAGE_ variables and the permissions of the account",
    forget: () => tokens.forget(),
    async request(conditions, signal) {
      const headers = {
        ...conditions,
        "x-ms-date": new Date().toUTCString(),
        "x-ms-version": apiVersion,
      };
      if (account.key) return signed({ url, headers }, account.account, account.key);
      if (account.sas) return { url, headers };
      const authorization = `Bearer ${await tokens.get(signal)}`;
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
