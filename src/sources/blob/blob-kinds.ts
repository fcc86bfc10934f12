import { type Polling, pollSettings } from "../settings.ts";
import { type ConfigOf, type SourceKind, sourceName } from "../source-kind.ts";
import type { OpenBucket } from "./blob-source.ts";

const settings = pollSettings(5);

/** The configuration of an object in a bucket. */
type BlobConfig<Provider extends string> = ConfigOf<Provider, typeof settings>;

export const s3Kind = blobKind(
  { provider: "s3", scheme: "s3", uriForm: "s3://bucket/object" },
  "A JSON or YAML object in Amazon S3, or in a storage that speaks its protocol.",
  async () => (await import("./s3-bucket.ts")).s3Bucket,
);

export const gcsKind = blobKind(
  { provider: "gcs", scheme: "gs", uriForm: "gs://bucket/object" },
  "A JSON or YAML object in Google Cloud Storage.",
  async () => (await import("./gcs-bucket.ts")).gcsBucket,
);

export const azblobKind = blobKind(
  { provider: "azblob", scheme: "azblob", uriForm: "azblob://container/object" },
  "A JSON or YAML object in Azure Blob Storage.",
  async () => (await import("./azure-bucket.ts")).azureBucket,
);

/** The kinds differ in where the bucket is and how it is entered, and in nothing else. */
function blobKind<Provider extends string>(
  { provider, scheme, uriForm }: Record<"scheme" | "uriForm", string> & { provider: Provider },
  doc: string,
  load: () => Promise<OpenBucket>,
): SourceKind<BlobConfig<Provider>> {
  return {
    providers: [provider],
    doc,
    prefix: `${scheme}://`,
    uriForm,
    uriPattern: new RegExp(`^${scheme}://[^/]+/.`),
    schemes: [scheme],
    settings,
    nameOf: sourceName,
    check: (config) => config,
    async create(config, dependencies) {
      const [{ BlobSource }, open] = await Promise.all([import("./blob-source.ts"), load()]);
      return new BlobSource(config as BlobConfig<Provider> & Polling, open, dependencies);
    },
  };
}
