import type { ConfigOf, SourceKind } from "../source-kind.ts";

const settings = {} as const;

export type KubernetesSourceConfig = ConfigOf<"kubernetes", typeof settings>;

export const kubernetesKind: SourceKind<KubernetesSourceConfig> = {
  providers: ["kubernetes"],
  doc: "A FeatureFlag of the OpenFeature operator.",
  prefix: "core.openfeature.dev/",
  uriForm: "core.openfeature.dev/namespace/name",
  uriPattern: /^core\.openfeature\.dev\//,
  schemes: [],
  settings,
  nameOf: ({ uri, name }) => name ?? uri,
  check: (config) => ({ ...config, uri: config.uri.replace(/^core\.openfeature\.dev\//, "") }),
  async create(config, dependencies) {
    return new (await import("./kubernetes-source.ts")).KubernetesSource(config, dependencies);
  },
};
