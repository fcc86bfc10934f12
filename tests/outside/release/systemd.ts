import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expectEqual, output } from "../suite.ts";
import { cleanRoot } from "./clean-root.ts";
import type { Release } from "./run.ts";

/** What the package manager does, and what the services do then. Runs in the container, as root. */
const script = `
set -eu
at() { echo "$1 $(cut -d' ' -f1 /proc/uptime)"; }
at began
install_package
[ "$(systemctl is-enabled flagd || true)" = disabled ]
[ "$(stat -c %a /etc/flagd/environment)" = 600 ]
redis-cli -x SET flags < /usr/share/doc/flagd/examples/flags.json
systemctl start flagd
until flagd ready > /dev/null 2>&1; do sleep 0.1; done
answer() { curl -sS -X POST http://localhost:8014/ofrep/v1/evaluate/flags/banner-text; }
echo "first $(answer)"
at evaluated
sed 's/"defaultVariant": "calm"/"defaultVariant": "loud"/' /usr/share/doc/flagd/examples/flags.json | redis-cli -x SET flags
until answer | grep -q loud; do sleep 0.1; done
systemctl reload flagd
pid=$(systemctl show -P MainPID flagd)
echo "user $(stat -c %u /proc/$pid)" "$(grep -E '^(CapEff|Seccomp|NoNewPrivs):' /proc/$pid/status | tr -s '\\t\\n' ' ')"
ls /var/lib/private/flagd | grep -q . || { echo "no state"; exit 1; }
systemctl stop redis-server
systemctl restart flagd
until flagd ready > /dev/null 2>&1; do sleep 0.1; done
echo "restored $(answer)"
systemctl start redis-server flagd-redis-sync
until flagd ready --addr localhost:8017 > /dev/null 2>&1; do sleep 0.1; done
redis-cli -x SET flags < /usr/share/doc/flagd/examples/flags.json
before=$(systemctl show -P MainPID flagd)
install_package_again
[ "$(systemctl show -P MainPID flagd)" != "$before" ]
remove_package
[ "$(systemctl is-active flagd flagd-redis-sync | tr '\\n' ' ')" = "inactive inactive " ]
[ ! -e /usr/bin/flagd ]
echo finished
`;

const managers = {
  deb: `install_package() { dpkg -i /root/flagd.deb; }
install_package_again() { dpkg -i /root/flagd.deb; }
remove_package() { dpkg --remove flagd; }`,
  // Debian's database says nothing of what RPM asks for.
  rpm: `install_package() { rpm -i --nodeps /root/flagd.rpm; }
install_package_again() { rpm -U --force --nodeps /root/flagd.rpm; }
remove_package() { rpm -e flagd; }`,
} as const;

/** Boots a clean Debian with systemd as process 1, installs the package there, uses the services, removes it. */
export async function checkSystemd(
  release: Release,
  format: "deb" | "rpm",
  work: string,
): Promise<string> {
  const root = join(work, "root");
  mkdirSync(root);
  await output(["tar", "-xf", await cleanRoot(), "-C", root]);
  const file = release.file(format === "deb" ? "_amd64.deb" : ".x86_64.rpm");
  copyFileSync(file, join(root, "root", `flagd.${format}`));
  await Bun.write(join(root, "root/test.sh"), `${managers[format]}\n${script}`);
  await Bun.write(
    join(root, "etc/systemd/system/test.service"),
    `[Unit]
After=redis-server.service
[Service]
Type=oneshot
TimeoutStartSec=120
StandardOutput=file:/root/out
StandardError=file:/root/err
ExecStart=/bin/sh /root/test.sh
ExecStopPost=/bin/systemctl poweroff --no-block
`,
  );
  // Which the installer of a system writes.
  await Bun.write(join(root, "etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n");
  const wanted = join(root, "etc/systemd/system/multi-user.target.wants");
  symlinkSync("/etc/systemd/system/test.service", join(wanted, "test.service"));
  const boot = ["--boot", "--register=no", "--keep-unit", "--private-network", "--quiet"];
  await output(["timeout", "180", "systemd-nspawn", "-D", root, ...boot]);
  const said = readFileSync(join(root, "root/out"), "utf8");
  const find = (name: string) => new RegExp(`^${name} (.*)$`, "m").exec(said)?.[1] ?? "";
  if (!said.includes("\nfinished")) {
    throw new Error(`${said}\n${readFileSync(join(root, "root/err"), "utf8")}`);
  }
  expectEqual(JSON.parse(find("first")).variant, "calm");
  expectEqual(JSON.parse(find("restored")).variant, "loud");
  const [, user = "", privileges = ""] = /^(\d+) (.*?) ?$/.exec(find("user")) ?? [];
  if (Number(user) < 61184) throw new Error(`runs as user ${user}, which is none of its own`);
  expectEqual(privileges, "CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2");
  const seconds = Number(find("evaluated")) - Number(find("began"));
  return `installed, started, evaluated in ${seconds.toFixed(1)} s; changed, reloaded, restarted without Redis, upgraded, removed`;
}
