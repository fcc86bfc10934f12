/** `flagd doctor` tries what `flagd start` would, and `flagd init` gives it something to serve. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../support/certificates.ts";
import { binary } from "../support/flagd.ts";
import { freePorts } from "../support/ports.ts";
import { RedisServer } from "../support/redis.ts";

setDefaultTimeout(60_000);

async function flagd(cwd: string, ...args: readonly string[]) {
  const child = Bun.spawn([binary, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: "/nonexistent" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, code };
}

async function inFolder(use: (folder: string, ports: readonly string[]) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), "flagd-doctor-"));
  const [evaluation, sync, http] = await freePorts(3);
  try {
    await use(folder, ["-p", `${evaluation}`, "-g", `${sync}`, "-m", `${http}`, "-r", `${http}`]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("what flagd init writes has no mistake, in JSON and in YAML, and is not overwritten", () =>
  inFolder(async (folder) => {
    for (const name of ["flags.json", "flags.yaml"]) {
      expect(await flagd(folder, "init", name)).toMatchObject({ code: 0, err: "" });
      const found = await flagd(folder, "validate", "--strict", "--quiet", name);
      expect(found).toEqual({ code: 0, out: "", err: "" });
      const answer = await flagd(
        folder,
        "evaluate",
        "new-checkout",
        name,
        "-c",
        "email=a@example.com",
      );
      expect(answer.out).toContain("reason    TARGETING_MATCH");
    }
    const again = await flagd(folder, "init");
    expect(again.code).toBe(1);
    expect(again.err).toContain("flags.json is there already");
    expect((await flagd(folder, "init", "--force")).code).toBe(0);
  }));

test("a daemon that would work is healthy", () =>
  inFolder(async (folder, ports) => {
    await flagd(folder, "init");
    const args = ["--uri", "file:flags.json", "--state-dir", "state", ...ports];
    const { out, code } = await flagd(folder, "doctor", ...args);
    expect(out).toContain("ok       source flags.json: 2 flags\n");
    expect(out).toContain("ok       folder state: will be made\n");
    expect(out).toEndWith("flagd start would work\n");
    expect(code).toBe(0);
    expect(existsSync(join(folder, "state"))).toBe(false);
  }));

test("what would not work is told, each with the command that repairs it", () =>
  inFolder(async (folder, ports) => {
    await using redis = await RedisServer.start({
      users: [["app", "on", ">secret", "~flags", "-@all", "+hello", "+auth"]],
    });
    const taken = createServer().listen({ port: Number(ports[1]), host: "127.0.0.1" });
    await new Promise((resolve) => taken.once("listening", resolve));
    try {
      const uri = `redis://app:secret@127.0.0.1:${redis.port}/0?key=flags`;
      const { out, code } = await flagd(
        folder,
        "doctor",
        "-o",
        "json",
        "--listen",
        "127.0.0.1",
        ...ports,
        "--uri",
        uri,
        "--uri",
        "file:gone.json",
        "--tokens-path",
        "tokens.yaml",
      );
      expect(code).toBe(1);
      expect(out).not.toContain("secret");
      const { ok, checks } = JSON.parse(out) as {
        ok: boolean;
        checks: { what: string; status: string; repair?: string }[];
      };
      expect(ok).toBe(false);
      const repairs = checks
        .filter(({ status }) => status === "failed")
        .map(({ repair }) => repair);
      expect(repairs).toEqual([
        expect.stringContaining(`-p ${redis.port} ACL SETUSER app ~KEY +get`),
        "flagd init gone.json",
        `ss -ltnp 'sport = :${ports[1]}'`,
        "flagd token new my-app | tee /dev/stderr | sed '1s/.*/tokens:/' > tokens.yaml",
      ]);
    } finally {
      taken.close();
    }
  }));

test("certificates are read as the ports read them", () =>
  inFolder(async (folder, ports) => {
    await flagd(folder, "init");
    const certificates = makeCertificates();
    try {
      const { server, client, expired } = certificates;
      const certified = async (cert: string, key: string) => {
        const tls = ["--server-cert-path", cert, "--server-key-path", key];
        return flagd(folder, "doctor", "--uri", "file:flags.json", ...ports, ...tls);
      };
      const well = await certified(server.cert, server.key);
      expect(well.out).toMatch(/certificate .*: valid until 20/);
      for (const [pair, problem] of [
        [[server.cert, client.key], /failed {3}certificate /],
        [[expired.cert, expired.key], /failed {3}certificate .*: expired at 20/],
      ] as const) {
        const { out, code } = await certified(...pair);
        expect(code).toBe(1);
        expect(out).toMatch(problem);
      }
    } finally {
      certificates.remove();
    }
  }));
