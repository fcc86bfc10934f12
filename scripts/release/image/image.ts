/**
 * An image without an engine: an OCI layout of one layer for each processor, as one file that `skopeo`,
 * `podman load`, `ctr import` and `docker load` take.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import { packTar } from "../archives.ts";
import type { DebianPackage } from "../debian-packages.ts";
import { sha256OfFile } from "../digest.ts";
import type { Architecture } from "../targets.ts";
import { type ImageFacts, imageConfig, labelsOf } from "./image-config.ts";
import { makeImageRoot } from "./image-root.ts";

const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface Executable {
  readonly architecture: Architecture;
  readonly path: string;
}

/**
 * @param work an empty folder
 * @param file the image that is written
 * @returns the packages of Debian that are in it
 */
export async function makeImage(
  executables: readonly Executable[],
  facts: ImageFacts,
  work: string,
  file: string,
): Promise<DebianPackage[]> {
  const layout = join(work, "layout");
  const blobs = new Blobs(join(layout, "blobs/sha256"));
  const manifests: (Descriptor & { readonly platform: object })[] = [];
  // What `docker load` reads if it stores no images of several platforms: the first.
  const legacy: object[] = [];
  const layers = await Promise.all(
    executables.map(async ({ architecture, path }) => {
      const root = join(work, architecture.name);
      const packages = await makeImageRoot(architecture, path, root);
      const tar = `${root}.tar`;
      await packTar(root, ".", tar, facts.epoch);
      const plain = await sha256OfFile(tar);
      await $`rm -r ${root} && gzip -n -6 ${tar}`;
      const layer = await blobs.moveFile(`${tar}.gz`, mediaTypes.layer);
      return { architecture, plain, layer, packages };
    }),
  );
  for (const { architecture, plain, layer } of layers) {
    const config = blobs.addJson(imageConfig(architecture, facts, plain), mediaTypes.config);
    const manifest = { mediaType: mediaTypes.manifest, config, layers: [layer] };
    manifests.push({
      ...blobs.addJson({ schemaVersion: 2, ...manifest }, mediaTypes.manifest),
      platform: { architecture: architecture.debian, os: "linux" },
    });
    legacy.push({
      Config: blobPath(config),
      RepoTags: [`flagd:${facts.version}`],
      Layers: [blobPath(layer)],
    });
  }
  const index = { mediaType: mediaTypes.index, manifests, annotations: labelsOf(facts) };
  const all = blobs.addJson({ schemaVersion: 2, ...index }, mediaTypes.index);
  const annotations = {
    "org.opencontainers.image.ref.name": facts.version,
    "io.containerd.image.name": `docker.io/library/flagd:${facts.version}`,
  };
  const write = (name: string, value: unknown) =>
    writeFileSync(join(layout, name), JSON.stringify(value));
  write("oci-layout", { imageLayoutVersion: "1.0.0" });
  write("index.json", {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [{ ...all, annotations }],
  });
  write("manifest.json", legacy.slice(0, 1));
  await packTar(layout, ".", file, facts.epoch);
  await $`rm -r ${layout}`;
  return layers.flatMap(({ packages }) => packages);
}

function blobPath({ digest }: Descriptor): string {
  return `blobs/${digest.replace(":", "/")}`;
}

class Blobs {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  async moveFile(file: string, mediaType: string): Promise<Descriptor> {
    const digest = await sha256OfFile(file);
    const blob = join(this.folder, digest);
    renameSync(file, blob);
    return { mediaType, digest: `sha256:${digest}`, size: Bun.file(blob).size };
  }

  addJson(value: object, mediaType: string): Descriptor {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const digest = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    writeFileSync(join(this.folder, digest), bytes);
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
  }
}
