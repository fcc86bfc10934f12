/** What the image contains: the executable, its C library, the CAs to trust, and a user. */
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DebianPackage, debianPackage } from "../debian-packages.ts";
import { addGlibc } from "../roots.ts";
import type { Architecture } from "../targets.ts";

/** The user of Go flagd's image, and of distroless images: `nonroot`. */
export const userId = 65532;

/** @returns the packages that the files are from */
export async function makeImageRoot(
  architecture: Architecture,
  executable: string,
  root: string,
): Promise<DebianPackage[]> {
  const write = (file: string, text: string) => {
    mkdirSync(join(root, file, ".."), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  mkdirSync(root, { recursive: true });
  copyFileSync(executable, join(root, "flagd"));
  chmodSync(join(root, "flagd"), 0o755);
  write("etc/passwd", `nonroot:x:${userId}:${userId}:nonroot:/:/sbin/nologin\n`);
  write("etc/group", `nonroot:x:${userId}:\n`);
  write("etc/nsswitch.conf", "hosts: files dns\n");
  // Engines write their own; without one, `flagd health` would not find the daemon.
  write("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
  const libc = await addGlibc(architecture, root);
  // For every architecture.
  const certificates = await debianPackage("ca-certificates", "amd64");
  write("etc/ssl/certs/ca-certificates.crt", await bundleOf(certificates));
  for (const { name, files } of [libc, certificates]) {
    const notice = `usr/share/doc/${name}/copyright`;
    cpSync(join(files, notice), join(root, notice), { dereference: true });
  }
  for (const name of ["LICENSE", "NOTICE"]) {
    mkdirSync(join(root, "usr/share/doc/flagd"), { recursive: true });
    copyFileSync(name, join(root, "usr/share/doc/flagd", name));
  }
  return [libc, certificates];
}

async function bundleOf({ files }: DebianPackage): Promise<string> {
  const folder = join(files, "usr/share/ca-certificates/mozilla");
  const names = readdirSync(folder).sort();
  const texts = await Promise.all(names.map((name) => Bun.file(join(folder, name)).text()));
  return texts.map((text) => `${text.trimEnd()}\n`).join("");
}
