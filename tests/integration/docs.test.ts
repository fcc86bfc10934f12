/**
 * Runs the commands of the documentation: the `sh` blocks below a comment `<!-- run -->`, page by page
 * and in their order, in one shell with a private Redis. A block below `<!-- gives -->` is what the
 * commands before it print, sooner or later. Ports are replaced by free ones, `dist/flagd start` and
 * `dist/flagd redis-sync` run in the background until the page starts the next.
 */
import { expect, test } from "bun:test";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Page, readPages, root } from "../support/documentation.ts";
import { freePorts } from "../support/ports.ts";
import { RedisServer } from "../support/redis.ts";

const prelude = `
set -eu
redis-cli() { command redis-cli -p "$REDIS_PORT" "$@"; }
curl() { command curl --silent --show-error "$@"; }

listening() { # port
  curl --silent --fail --insecure "https://127.0.0.1:$1/healthz" || curl --silent --fail "http://127.0.0.1:$1/healthz"
}
in_background() { # name, port of /healthz, command …
  local name=$1 port=$2 tries=0; shift 2
  if [ -e "$name.pid" ]; then kill "$(cat "$name.pid")"; wait "$(cat "$name.pid")" || true; fi
  "$@" > "$name.log" 2>&1 &
  echo $! > "$name.pid"
  until listening "$port" 2> /dev/null; do
    if ! kill -0 "$(cat "$name.pid")" 2> /dev/null || [ $((tries += 1)) -gt 200 ]; then
      echo "$name does not listen:" >&2; cat "$name.log" >&2; return 1
    fi
    sleep 0.1
  done
}
flagd() {
  case $1 in
    start) FLAGD_MANAGEMENT_PORT=$HTTP_PORT FLAGD_OFREP_PORT=$HTTP_PORT in_background start "$HTTP_PORT" "$FLAGD" "$@" ;;
    redis-sync) FLAGD_MANAGEMENT_PORT=$SYNC_HTTP_PORT in_background redis-sync "$SYNC_HTTP_PORT" "$FLAGD" "$@" ;;
    *) "$FLAGD" "$@" ;;
  esac
}
redis-server() { # --port 0 --tls-port port …
  command redis-server "$@" --save '' > redis-server.log 2>&1 &
  echo $! > redis-server.pid
  until : 2> /dev/null < "/dev/tcp/127.0.0.1/$4"; do kill -0 "$(cat redis-server.pid)"; sleep 0.1; done
}
# The page means the only flagd of a machine; here are many.
pgrep() { cat start.pid; }
stop() { cat ./*.pid 2> /dev/null | xargs --no-run-if-empty kill 2> /dev/null || true; wait; }
trap stop EXIT

expected() { # number of the block
  local tries=0
  until . "./$1.sh" > "$1.out" 2> "$1.err"; [[ "$(cat "$1.out")" == *"$(cat "$1.gives")"* ]]; do
    if [ $((tries += 1)) -gt 80 ]; then
      echo "this is not what the commands print:"; cat "$1.gives"; echo "but this:"; cat "$1.out" "$1.err"
      tail -n 20 ./*.log; return 1
    fi
    sleep 0.25
  done
}
`;

async function run(page: Page): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "flagd-docs-"));
  await using redis = await RedisServer.start();
  try {
    await cp(join(root, "examples"), join(folder, "examples"), { recursive: true });
    const named = ["8013", "8014", "8015", "8016", "8017", "8090", "6380"];
    const free = await freePorts(named.length);
    const ports = new Map(named.map((port, index) => [port, `${free[index]}`]));
    ports.set("6379", `${redis.port}`);
    const adapt = (text: string) =>
      text
        .replaceAll("dist/flagd", "flagd")
        .replace(/\b(80\d\d|63\d\d)\b/g, (port) => ports.get(port) ?? port);
    const port = (name: string) => ports.get(name) ?? "";

    const steps: string[] = [];
    for (const [index, { mark, text }] of page.blocks.entries()) {
      const next = page.blocks[index + 1];
      if (mark !== "run") continue;
      await writeFile(join(folder, `${index}.sh`), adapt(text));
      if (next?.mark === "gives") {
        await writeFile(join(folder, `${index}.gives`), adapt(next.text));
        steps.push(`expected ${index}`);
      } else {
        steps.push(`. ./${index}.sh`);
      }
    }
    await writeFile(join(folder, "page.sh"), `${prelude}\n${steps.join("\n")}\n`);

    const shell = Bun.spawn(["bash", "page.sh"], {
      cwd: folder,
      env: {
        ...process.env,
        FLAGD: join(root, "dist/flagd"),
        REDIS_PORT: `${redis.port}`,
        HTTP_PORT: port("8014"),
        SYNC_HTTP_PORT: port("8017"),
        FLAGD_PORT: port("8013"),
        FLAGD_SYNC_PORT: port("8015"),
        FLAGD_REDIS_SYNC_PORT: port("8016"),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [output, errors, code] = await Promise.all([
      new Response(shell.stdout).text(),
      new Response(shell.stderr).text(),
      shell.exited,
    ]);
    if (code !== 0) throw new Error(`${page.path}: exit ${code}\n${output}\n${errors}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const pages = (await readPages()).filter(({ blocks }) => blocks.some(({ mark }) => mark));

test.each(pages.map((page) => [page.path, page] as const))(
  "the commands of %s work",
  async (_, page) => {
    for (const [index, { mark }] of page.blocks.entries()) {
      if (mark === "gives") expect(page.blocks[index - 1]?.mark).toBe("run");
    }
    await run(page);
  },
  60_000,
);
