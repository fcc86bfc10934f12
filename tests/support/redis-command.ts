import { binary } from "./flagd.ts";

/** Runs `flagd redis` as ann, who has nothing else in her environment than the URI. */
export async function redis(uri: string, args: readonly string[], input?: string) {
  const child = Bun.spawn([binary, "redis", ...args], {
    env: { PATH: process.env.PATH, HOME: "/nonexistent", USER: "ann", FLAGD_REDIS_URI: uri },
    stdin: input === undefined ? "ignore" : Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, code };
}
