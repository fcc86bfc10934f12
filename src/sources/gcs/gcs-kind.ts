import { pollSettings } from "../settings.ts";
import type { ConfigOf, SourceKind } from "../source-kind.ts";
import { sourceName } from "../source-name.ts";

const settings = pollSettings(5);

export type GcsSourceConfig = ConfigOf<"gcs", typeof settings>;

export const gcsKind: SourceKind<GcsSourceConfig> = {
  providers: ["gcs"],
  doc: "A JSON or YAML object in Google Cloud Storage.",
  prefix: "gs://",
  uriForm: "gs://bucket/object",
  uriPattern: /^gs:\/\/[^/]+\/./,
  schemes: ["gs"],
  settings,
  nameOf: sourceName,
  check: (config) => config,
  async create(config, dependencies) {
    const [{ BlobSource }, { gcsBucket }] = await Promise.all([
      import("../blob/blob-source.ts"),
      import("./gcs-bucket.ts"),
    ]);
    return new BlobSource(config, gcsBucket, dependencies);
  },
};
