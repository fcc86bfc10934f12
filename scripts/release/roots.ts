/** What an executable needs beside it on Linux: the C library, as files below `/`. */
import { cpSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import { cachedFolder } from "../../tests/support/cache.ts";
import { pip, python } from "../../tests/support/python.ts";
import { type DebianPackage, debianPackage } from "./debian-packages.ts";
import type { Architecture } from "./targets.ts";

/** What Bun's executables are linked with. */
const glibcLibraries = ["libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2"];

const loaders = {
  x64: "lib64/ld-linux-x86-64.so.2",
  arm64: "lib/ld-linux-aarch64.so.1",
} as const;

/** Copies glibc's loader and four libraries to where the loader looks. @returns where they are from */
export async function addGlibc(
  { name, debian, machine }: Architecture,
  root: string,
): Promise<DebianPackage> {
  const libc = await debianPackage("libc6", debian);
  const loader = loaders[name];
  cpSync(join(libc.files, "usr", loader), join(root, loader), { dereference: true });
  const libraries = `lib/${machine}-linux-gnu`;
  for (const file of glibcLibraries) {
    const options = { dereference: true };
    cpSync(join(libc.files, "usr", libraries, file), join(root, libraries, file), options);
  }
  return libc;
}

/**
 * Debian has musl, but no libstdc++ for it. The packages of PyPI for Alpine bring theirs: it is taken out of
 * one of them. @returns the folder of the root
 */
export async function muslRoot({ name, debian, machine }: Architecture): Promise<string> {
  const musl = await debianPackage("musl", debian);
  return cachedFolder(`musl-${name}-${musl.version}`, async (root) => {
    mkdirSync(join(root, "lib"));
    const loader = `ld-musl-${machine}.so.1`;
    cpSync(join(musl.files, `usr/lib/${machine}-linux-musl/libc.so`), join(root, "lib", loader));
    symlinkSync(loader, join(root, `lib/libc.musl-${machine}.so.1`));
    const wheel = join(root, "wheel");
    const system = ["--python-version", "3.11", "--platform", `musllinux_1_2_${machine}`];
    const only = ["--no-deps", "--only-binary=:all:", ...system];
    const interpreter = await python([]);
    await pip(interpreter, "download", ...only, "-d", wheel, "numpy==2.3.4");
    const [file = ""] = readdirSync(wheel);
    await $`${interpreter} -m zipfile -e ${file} .`.cwd(wheel).quiet();
    for (const library of readdirSync(join(wheel, "numpy.libs"))) {
      if (!/^lib(gcc_s|stdc\+\+)-/.test(library)) continue;
      // libstdc++ asks for libgcc under the name that it has here.
      const place = library.startsWith("libstdc++") ? "libstdc++.so.6" : library;
      cpSync(join(wheel, "numpy.libs", library), join(root, "lib", place));
    }
    await $`rm -r ${wheel}`;
  });
}
