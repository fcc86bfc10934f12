/** What a release says of itself: its contents and where they are from. */
import { $ } from "bun";
import { sourceCommit } from "../source-version.ts";
import type { DebianPackage } from "./debian-packages.ts";
import type { Runtime } from "./runtimes.ts";

export interface Artifact {
  readonly name: string;
  readonly sha256: string;
}

/** CycloneDX, by npm; what npm makes anew each time is made of `epoch` and the contents. */
export async function sbom(
  version: string,
  epoch: number,
  runtimes: readonly Runtime[],
  packages: readonly DebianPackage[],
): Promise<string> {
  const made = await $`npm sbom --omit dev --sbom-format cyclonedx --package-lock-only`.json();
  const document = made as {
    serialNumber?: string;
    metadata: { timestamp?: string; component: { name: string; version: string } };
    components: object[];
  };
  // npm takes the name of the folder.
  document.metadata.component.name = "flagd";
  document.metadata.component.version = version;
  document.metadata.timestamp = new Date(epoch * 1000).toISOString();
  for (const runtime of runtimes) {
    document.components.push({
      "bom-ref": `${runtime.name}@${runtime.version}`,
      type: "framework",
      name: runtime.name,
      version: runtime.version,
      purl: `pkg:npm/${runtime.name.replace("@", "%40")}@${runtime.version}`,
      hashes: [{ alg: "SHA-512", content: runtime.sha512 }],
    });
  }
  for (const { name, version, architecture, sha256 } of packages) {
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
    if (document.components.some((component) => Object.values(component)[0] === purl)) continue;
    document.components.push({
      "bom-ref": purl,
      type: "library",
      name,
      version,
      purl,
      hashes: [{ alg: "SHA-256", content: sha256 }],
    });
  }
  delete document.serialNumber;
  const hash = new Bun.CryptoHasher("sha256").update(JSON.stringify(document)).digest("hex");
  // A UUID of version 8: its bits are the application's own.
  const uuid = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  return `${JSON.stringify({ ...document, serialNumber: `urn:uuid:${uuid}` }, null, 2)}\n`;
}

/** SLSA provenance in an in-toto statement, unsigned: whoever publishes it signs it. */
export async function provenance(
  version: string,
  artifacts: readonly Artifact[],
  runtimes: readonly Runtime[],
  packages: readonly DebianPackage[],
): Promise<string> {
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: artifacts.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: "urn:flagd:npm-run-release:v1",
        externalParameters: { version, command: "npm run release" },
        resolvedDependencies: [
          { name: "source", digest: { gitCommit: await sourceCommit() } },
          ...runtimes.map(({ name, version, sha512 }) => ({
            name: `${name}@${version}`,
            digest: { sha512 },
          })),
          ...packages.map(({ name, version, architecture, sha256 }) => ({
            name: `${name}_${version}_${architecture}.deb`,
            digest: { sha256 },
          })),
        ],
      },
      runDetails: { builder: { id: "urn:flagd:local" } },
    },
  };
  return `${JSON.stringify(statement, null, 2)}\n`;
}
