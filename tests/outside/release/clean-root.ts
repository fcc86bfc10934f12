import { cachedFolder } from "../../support/cache.ts";
import { output } from "../suite.ts";

/** A Debian without Node, as an archive. @returns its path */
export async function cleanRoot(): Promise<string> {
  const folder = await cachedFolder("debian-with-systemd", async (folder) => {
    const packages = ["systemd", "systemd-sysv", "dbus", "redis-server", "curl", "rpm"].join(",");
    const options = ["--variant=minbase", `--include=${packages}`, "--quiet"];
    await output(["mmdebstrap", ...options, "bookworm", `${folder}/root.tar`]);
  });
  return `${folder}/root.tar`;
}
