import { join } from "node:path";
import { $ } from "bun";
import { fromWheel } from "../../../tests/outside/wheel.ts";
import type { Architecture } from "../targets.ts";

export type LinuxFormat = "deb" | "rpm";

const nfpmVersion = "2.48.0";

export interface PackageFacts {
  readonly version: string;
  readonly architecture: Architecture;
  /** Seconds since 1970. */
  readonly epoch: number;
  readonly executable: string;
  /** A folder with licences, completions and the manual page, as in the archives. */
  readonly extras: string;
}

/** @returns the file, under the name that the format's own tools give */
export async function makeLinuxPackage(
  format: LinuxFormat,
  facts: PackageFacts,
  work: string,
  output: string,
): Promise<string> {
  const nfpm = await fromWheel(`nfpm==${nfpmVersion}`, `nfpm-${nfpmVersion}.data/scripts/nfpm`);
  const { version, architecture, epoch } = facts;
  const name =
    format === "deb"
      ? `flagd_${version}_${architecture.debian}.deb`
      : `flagd-${version}-1.${architecture.machine}.rpm`;
  const file = join(output, name);
  const manualPage = join(work, `${name}.1.gz`);
  await $`gzip -n -9 -c ${join(facts.extras, "man/flagd.1")} > ${manualPage}`;
  const config = join(work, `${name}.json`);
  await Bun.write(config, JSON.stringify(nfpmConfig(format, facts, manualPage)));
  await $`${nfpm} package --config ${config} --packager ${format} --target ${file}`
    .env({ ...process.env, SOURCE_DATE_EPOCH: `${epoch}` })
    .quiet();
  return file;
}

interface Content {
  readonly src: string;
  readonly dst: string;
  readonly type?: "config|noreplace";
  readonly file_info: { readonly mode: number; readonly mtime: string };
}

/** nfpm reads YAML, of which JSON is a part. */
export function nfpmConfig(
  format: LinuxFormat,
  { version, architecture, epoch, executable, extras }: PackageFacts,
  manualPage: string,
): object {
  const mtime = new Date(epoch * 1000).toISOString();
  const file = (src: string, dst: string, mode = 0o644): Content => {
    return { src, dst, file_info: { mode, mtime } };
  };
  const config = (src: string, dst: string, mode = 0o644): Content => {
    return { ...file(src, dst, mode), type: "config|noreplace" };
  };
  const scripts = ["postinstall", "preremove", "postremove"];
  const zsh = format === "deb" ? "vendor-completions" : "site-functions";
  return {
    name: "flagd",
    arch: architecture.debian,
    platform: "linux",
    version,
    section: "net",
    priority: "optional",
    maintainer: "The maintainers of flagd on Bun",
    description: "A feature-flag daemon for OpenFeature that reads its flags from Redis",
    license: "Apache-2.0",
    mtime,
    // All that Bun asks for: see `objdump -T`.
    depends: [format === "deb" ? "libc6 (>= 2.17)" : "glibc >= 2.17"],
    contents: [
      file(executable, "/usr/bin/flagd", 0o755),
      file("deploy/systemd/flagd.service", "/usr/lib/systemd/system/flagd.service"),
      file(
        "deploy/systemd/flagd-redis-sync.service",
        "/usr/lib/systemd/system/flagd-redis-sync.service",
      ),
      config("deploy/systemd/flagd.yaml", "/etc/flagd/flagd.yaml"),
      config("deploy/systemd/redis-sync.yaml", "/etc/flagd/redis-sync.yaml"),
      config("deploy/systemd/environment", "/etc/flagd/environment", 0o600),
      file(`${extras}/completions/flagd.bash`, "/usr/share/bash-completion/completions/flagd"),
      file(`${extras}/completions/_flagd`, `/usr/share/zsh/${zsh}/_flagd`),
      file(`${extras}/completions/flagd.fish`, "/usr/share/fish/vendor_completions.d/flagd.fish"),
      file(manualPage, "/usr/share/man/man1/flagd.1.gz"),
      file("LICENSE", "/usr/share/doc/flagd/copyright"),
      file("NOTICE", "/usr/share/doc/flagd/NOTICE"),
      file("examples/flags.json", "/usr/share/doc/flagd/examples/flags.json"),
    ],
    scripts: Object.fromEntries(scripts.map((name) => [name, `deploy/packages/${name}.sh`])),
    // Smaller and faster than gzip; dpkg reads it since Debian 12 and Ubuntu 18.04, RPM since 4.14.
    deb: { compression: "zstd" },
    rpm: { compression: "zstd", buildhost: "localhost", group: "System Environment/Daemons" },
  };
}
