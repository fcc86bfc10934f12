import { pollSettings } from "../settings.ts";
import type { ConfigOf, SourceKind } from "../source-kind.ts";
import { sourceName } from "../source-name.ts";

const settings = pollSettings(5);

export type S3SourceConfig = ConfigOf<"s3", typeof settings>;

export const s3Kind: SourceKind<S3SourceConfig> = {
  providers: ["s3"],
  doc: "A JSON or YAML object in Amazon S3, or in a storage that speaks its protocol.",
  prefix: "s3://",
  uriForm: "s3://bucket/object",
  uriPattern: /^s3:\/\/[^/]+\/./,
  schemes: ["s3"],
  settings,
  nameOf: sourceName,
  check: (config) => config,
  async create(config, dependencies) {
    const [{ BlobSource }, { s3Bucket }] = await Promise.all([
      import("../blob/blob-source.ts"),
      import("./s3-bucket.ts"),
    ]);
    return new BlobSource(config, s3Bucket, dependencies);
  },
};
