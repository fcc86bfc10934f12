import type { Architecture } from "../targets.ts";

export interface ImageFacts {
  readonly version: string;
  readonly commit: string;
  /** Seconds since 1970. */
  readonly epoch: number;
  /** Address of the repository, if there is a public one. */
  readonly repository?: string | undefined;
}

/** What the OCI image specification calls annotations, and Docker labels. */
export function labelsOf(facts: ImageFacts): Record<string, string> {
  const { version, commit, epoch, repository } = facts;
  const prefix = "org.opencontainers.image";
  return {
    [`${prefix}.title`]: "flagd",
    [`${prefix}.description`]:
      "A feature-flag daemon for OpenFeature that reads its flags from Redis",
    [`${prefix}.licenses`]: "Apache-2.0",
    [`${prefix}.version`]: version,
    [`${prefix}.revision`]: commit,
    [`${prefix}.created`]: timeOf(epoch),
    ...(repository && { [`${prefix}.source`]: repository }),
  };
}

/**
 * The configuration of the image for one processor.
 * @param layer SHA-256 of the layer before its compression
 */
export function imageConfig({ debian }: Architecture, facts: ImageFacts, layer: string): object {
  const second = 1e9;
  return {
    architecture: debian,
    os: "linux",
    created: timeOf(facts.epoch),
    config: {
      User: "65532:65532",
      ExposedPorts: {
        "8013/tcp": {},
        "8014/tcp": {},
        "8015/tcp": {},
        "8016/tcp": {},
        "8017/tcp": {},
      },
      Env: ["PATH=/"],
      Entrypoint: ["/flagd"],
      WorkingDir: "/",
      Labels: labelsOf(facts),
      // Docker's, beyond the specification: Kubernetes has probes of its own.
      Healthcheck: {
        Test: ["CMD", "/flagd", "health"],
        Interval: 30 * second,
        Timeout: 5 * second,
        StartPeriod: 5 * second,
        Retries: 3,
      },
    },
    rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
    history: [{ created: timeOf(facts.epoch), created_by: "npm run release" }],
  };
}

export function timeOf(epoch: number): string {
  return new Date(epoch * 1000).toISOString();
}
