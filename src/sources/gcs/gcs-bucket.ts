import { ConfigError } from "../../core/config-error.ts";
import { encodeKey, isOn, parseBlobUri } from "../blob/blob-location.ts";
import type { Bucket, BucketDependencies } from "../blob/bucket.ts";
import { GoogleCredentials } from "./google-credentials.ts";

/**
 * Google Cloud Storage by its XML API, or the emulator of STORAGE_EMULATOR_HOST.
 * @throws ConfigError for a wrong URI or variable
 */
export function gcsBucket(uri: string, { client, env }: BucketDependencies): Bucket {
  const { bucket, key, options } = parseBlobUri(uri, "gs", { anonymous: "boolean" });
  const emulator = env.STORAGE_EMULATOR_HOST?.replace(/^(?!https?:\/\/)/, "http://");
  const host = (emulator || "https://storage.googleapis.com").replace(/\/$/, "");
  if (!URL.canParse(host)) {
    throw new ConfigError(
      "environment variable STORAGE_EMULATOR_HOST is not a host or an http URL",
    );
  }
  const url = new URL(`${host}/${encodeURIComponent(bucket)}/${encodeKey(key)}`);
  const anonymous = isOn(options.anonymous) || Boolean(emulator);
  const tokens = new GoogleCredentials(client);
  return {
    key,
    advice: "check the Google credentials and their permissions",
    forget: () => tokens.forget(),
    async request(conditions, signal) {
      if (anonymous) return { url, headers: conditions };
      const authorization = `Bearer ${await tokens.get(signal)}`;
      return { url, headers: { ...conditions, authorization } };
    },
  };
}
