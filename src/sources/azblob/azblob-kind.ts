import { pollSettings } from "../settings.ts";
import type { ConfigOf, SourceKind } from "../source-kind.ts";
import { sourceName } from "../source-name.ts";

const settings = pollSettings(5);

export type AzblobSourceConfig = ConfigOf<"azblob", typeof settings>;

export const azblobKind: SourceKind<AzblobSourceConfig> = {
  providers: ["azblob"],
  doc: "A JSON or YAML object in Azure Blob Storage.",
  prefix: "azblob://",
  uriForm: "azblob://container/object",
  uriPattern: /^azblob:\/\/[^/]+\/./,
  schemes: ["azblob"],
  settings,
  nameOf: sourceName,
  check: (config) => config,
  async create(config, dependencies) {
    const [{ BlobSource }, { azureBucket }] = await Promise.all([
      import("../blob/blob-source.ts"),
      import("./azure-bucket.ts"),
    ]);
    return new BlobSource(config, azureBucket, dependencies);
  },
};
