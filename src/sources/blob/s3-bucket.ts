import { isIP } from "node:net";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import {
  loadConfig,
  NODE_REGION_CONFIG_FILE_OPTIONS,
  NODE_REGION_CONFIG_OPTIONS,
} from "@smithy/core/config";
import { S3Client } from "bun";
import { ConfigError, messageOf } from "../../core/errors.ts";
import type { Environment } from "../../core/process-info.ts";
import { SourceError } from "../source.ts";
import { awsRequestHandler, explainLibraryError, LibraryAnswers } from "../web/library-requests.ts";
import type { WebClient } from "../web/web-client.ts";
import { type BlobLocation, encodeKey, isOn, parseBlobUri } from "./blob-location.ts";
import type { Bucket, BucketDependencies } from "./blob-source.ts";

/** Of the query; both spellings that Go's driver has. */
const known = {
  region: "text",
  endpoint: "text",
  use_path_style: "boolean",
  s3ForcePathStyle: "boolean",
  disable_https: "boolean",
  disableSSL: "boolean",
  anonymous: "boolean",
  awssdk: "text",
  hostname_immutable: "boolean",
} as const;

/** A poll takes place at once; clocks may differ by a few minutes. */
const validSeconds = 900;
const defaultRegion = "us-east-1";

/**
 * S3 and what speaks like it: presigned GETs (Signature Version 4 in the query), which, unlike reads through
 * Bun's client, can be conditional.
 * @throws ConfigError for a wrong URI
 */
export function s3Bucket(uri: string, { client, env }: BucketDependencies): Bucket {
  const location = parseBlobUri(uri, "s3", known);
  const { key, options } = location;
  const named = options.region || env.AWS_REGION || env.AWS_DEFAULT_REGION;
  // Whether the endpoint is one does not depend on the region.
  objectUrl(location, named ?? defaultRegion, env);
  const credentials = new AwsCredentials(client);
  return {
    key,
    advice: "check the AWS credentials and their permissions",
    forget: () => credentials.forget(),
    async request(conditions, signal) {
      const region = named || (await profileRegion());
      const { url, pathStyle } = objectUrl(location, region, env);
      if (isOn(options.anonymous)) return { url, headers: conditions };
      // Without path style Bun expects the bucket in the endpoint.
      const { accessKeyId, secretAccessKey, sessionToken } = await credentials.get(region, signal);
      const presigned = new S3Client({
        accessKeyId,
        secretAccessKey,
        ...(sessionToken && { sessionToken }),
        region,
        endpoint: url.origin,
        bucket: location.bucket,
        virtualHostedStyle: !pathStyle,
      }).presign(key, { method: "GET", expiresIn: validSeconds });
      return { url: new URL(presigned), headers: conditions };
    },
  };
}

function objectUrl({ bucket, key, options }: BlobLocation, region: string, env: Environment) {
  const secure = !isOn(options.disable_https ?? options.disableSSL);
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const endpoint =
    options.endpoint || env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || `s3.${region}.${domain}`;
  const full = endpoint.includes("://") ? endpoint : `http${secure ? "s" : ""}://${endpoint}`;
  if (!URL.canParse(full) || !/^https?:/.test(full)) {
    throw new ConfigError(`s3://${bucket}: the endpoint is not an http or https URL`);
  }
  const base = new URL(full);
  // A bucket with dots matches no certificate for *.domain; below an address there are no names.
  const pathStyle =
    isOn(options.use_path_style ?? options.s3ForcePathStyle) ||
    bucket.includes(".") ||
    isIP(base.hostname.replace(/[[\]]/g, "")) !== 0 ||
    base.hostname === "localhost";
  const origin = pathStyle ? base.origin : `${base.protocol}//${bucket}.${base.host}`;
  const path = pathStyle ? `/${bucket}/${encodeKey(key)}` : `/${encodeKey(key)}`;
  return { url: new URL(origin + path), pathStyle };
}

/** Keys for signing, of a user or temporary. */
interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** The region of the profile that AWS_PROFILE names, in the shared files of the SDKs. */
async function profileRegion(): Promise<string> {
  const load = loadConfig(NODE_REGION_CONFIG_OPTIONS, NODE_REGION_CONFIG_FILE_OPTIONS);
  // It throws if there is none.
  return await load().catch(() => defaultRegion);
}

/** Credentials by the default chain of the AWS SDK, which also renews them before they expire. */
class AwsCredentials {
  readonly #answers = new LibraryAnswers<AwsKeys>();
  #provider: (() => Promise<AwsKeys>) | undefined;

  constructor(private readonly client: WebClient) {}

  /** @throws SourceError */
  async get(region: string, signal: AbortSignal): Promise<AwsKeys> {
    this.#provider ??= fromNodeProviderChain({
      clientConfig: { requestHandler: awsRequestHandler(this.client) },
      // Not the region of every request: that of an SSO session is another one.
      parentClientConfig: { region },
    });
    try {
      return await this.#answers.get(this.#provider, signal);
    } catch (error) {
      this.forget();
      throw nowhere(error) ?? explainLibraryError(error, "no AWS credentials");
    }
  }

  /** They were refused: begin again at the beginning of the chain. */
  forget(): void {
    this.#provider = undefined;
  }
}

/** That there are none is permanent, unless the metadata service of the machine may still come up. */
function nowhere(error: unknown, env: Environment = process.env): SourceError | undefined {
  if (env.AWS_EC2_METADATA_DISABLED !== "true") return undefined;
  if (!/load credentials from any provider/i.test(messageOf(error))) return undefined;
  return new SourceError(
    "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or what else the default chain of the AWS SDK reads",
    { retryable: false },
  );
}
