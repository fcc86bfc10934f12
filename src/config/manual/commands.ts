import { ConfigError } from "../../core/errors.ts";
import { quote } from "../../core/message-text.ts";
import { didYouMean } from "../../core/nearest.ts";
import type { OptionTable } from "../options/option.ts";
import { redisOptions } from "../options/redis-options.ts";
import { redisSyncOptions } from "../options/redis-sync-options.ts";
import { globalOptions } from "../options/shared-options.ts";
import { startOptions } from "../options/start-options.ts";
import {
  doctorOptions,
  evaluateOptions,
  initOptions,
  probeOptions,
  testOptions,
  validateOptions,
  versionOptions,
} from "../options/tool-options.ts";

/** A command as help, completion and reference describe it. */
export interface CommandManual {
  readonly name: string;
  /** What it does, in one line, as an imperative without a full stop. */
  readonly summary: string;
  /** What help begins with; absent: the summary. */
  readonly description?: string;
  /** What follows the name: `[options]`. */
  readonly usage: string;
  readonly options: OptionTable;
  /** Words that may follow the name. */
  readonly words?: readonly string[];
  /** Paths of files may follow it. */
  readonly files?: true;
  readonly examples: readonly { readonly does: string; readonly command: string }[];
}

/** Shells that there are completion scripts for. */
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

const start: CommandManual = {
  name: "start",
  summary: "Run the daemon",
  description:
    "Loads flags from one or more sources, keeps them up to date and evaluates them over gRPC, gRPC-web,\n" +
    "Connect and OFREP. Runs until SIGTERM or SIGINT; SIGHUP makes it check every source now.",
  usage: "[options]",
  options: startOptions,
  examples: [
    {
      does: "Flags from the key “flags” in Redis",
      command: "flagd start --uri 'redis://:password@localhost:6379/0?key=flags'",
    },
    {
      does: "Flags from a file, overridden by those in Redis",
      command: "flagd start -f file:flags.json -f 'redis://localhost:6379/0?key=flags'",
    },
    {
      does: "Redis with TLS and a private CA, polled every 10 seconds",
      command: `flagd start --sources '[{"provider":"redis","uri":"rediss://redis.example.com:6380/0?key=flags","certPath":"ca.pem","interval":10}]'`,
    },
    { does: "Options from a file", command: "flagd start --config flagd.yaml" },
    {
      does: "Options from environment variables",
      command: "FLAGD_URI='redis://localhost:6379/0?key=flags' FLAGD_LOG_FORMAT=json flagd start",
    },
  ],
};

const redisSync: CommandManual = {
  name: "redis-sync",
  summary: "Stream flags from Redis to many daemons",
  description:
    "Reads flags from Redis and streams them over gRPC to daemons and in-process providers, so that Redis has\n" +
    "one client instead of hundreds. Runs until SIGTERM or SIGINT; SIGHUP makes it check Redis now.",
  usage: "[options]",
  options: redisSyncOptions,
  examples: [
    {
      does: "Flags from the key “flags” in Redis, served on port 8016",
      command: "flagd redis-sync --redis-uri 'redis://:password@localhost:6379/0?key=flags'",
    },
    {
      does: "A daemon that streams them from there",
      command: "flagd start --uri grpc://localhost:8016",
    },
    {
      does: "Only for clients with a certificate from your own CA",
      command:
        "flagd redis-sync --redis-uri 'redis://localhost:6379/0?key=flags' --redis-sync-cert-path server.pem --redis-sync-key-path server.key --redis-sync-client-ca-path ca.pem",
    },
  ],
};

const validate: CommandManual = {
  name: "validate",
  summary: "Check flag documents",
  description:
    "Checks files, folders, standard input (-) or any source that flagd start takes, and prints what is wrong with line,\n" +
    "column and what to write instead. The exit status is 1 if something is an error, with --strict also for warnings.",
  usage: "[options] SOURCE…",
  files: true,
  options: validateOptions,
  examples: [
    { does: "A file", command: "flagd validate flags.json" },
    { does: "All flag documents of a folder, in CI", command: "flagd validate --strict flags/" },
    { does: "What a program prints", command: "generate-flags | flagd validate -" },
    {
      does: "What Redis has, also for providers that evaluate in process",
      command: "flagd validate --portability 'redis://localhost:6379/0?key=flags'",
    },
  ],
};

const schema: CommandManual = {
  name: "schema",
  summary: "Print the JSON Schema of flag documents, for editors",
  usage: "",
  options: globalOptions,
  examples: [
    { does: "For an editor without network", command: "flagd schema > flags.schema.json" },
  ],
};

const evaluate: CommandManual = {
  name: "evaluate",
  summary: "Evaluate a flag, explain the answer, or simulate a rollout",
  description:
    "Evaluates a flag for a context: from a SOURCE, which is the path of a file, - for standard input, a URI as\n" +
    "--uri of flagd start takes it, or a JSON object as --sources has it; or by a running daemon. Of several sources\n" +
    "a later one has priority. The exit status is 0 if there is an answer, 1 if evaluation fails.",
  usage: "[options] KEY [SOURCE… | --addr HOST:PORT]",
  files: true,
  options: evaluateOptions,
  examples: [
    {
      does: "What a user gets",
      command: "flagd evaluate new-checkout flags.json -c email=ann@example.com",
    },
    {
      does: "Why, from Redis",
      command:
        "flagd evaluate new-checkout 'redis://localhost:6379/0?key=flags' -c plan=pro --explain",
    },
    {
      does: "Every flag, of a running daemon",
      command: "flagd evaluate --all --addr localhost:8014 -c targetingKey=user-1",
    },
    {
      does: "Whose answer a change of the file will change",
      command:
        "flagd evaluate sale-badge 'redis://localhost:6379/0?key=flags' --simulate 100000 --against flags.json",
    },
  ],
};

const test: CommandManual = {
  name: "test",
  summary: "Check the answers of flags against files of cases",
  description:
    "Evaluates flags for the contexts in files of cases, JSON or YAML, and compares the answers with those that are\n" +
    "expected there. The exit status is 1 if one is different.",
  usage: "[options] FILE…",
  files: true,
  options: testOptions,
  examples: [
    { does: "For people", command: "flagd test flags.test.yaml" },
    { does: "For a CI server", command: "flagd test --format junit tests/*.yaml > report.xml" },
  ],
};

const redis: CommandManual = {
  name: "redis",
  summary: "Read and change the flags in Redis",
  description:
    "Reads flags of a Redis key, and changes them so that nobody's change is lost: each change is checked, shown, asked\n" +
    "for, written only to what it was made for, and kept with time and user so that it can be taken back.\n\n" +
    "  get [KEY…]             print the flags, or some of them\n" +
    "  push FILE              replace all flags by those of a file (- for standard input)\n" +
    "  set KEY MEMBER=VALUE…  change members of a flag, as in defaultVariant=on, or make one\n" +
    "  toggle KEY             disable a flag that is enabled, enable one that is disabled\n" +
    "  delete KEY…            remove flags\n" +
    "  diff FILE              tell how the flags differ from those of a file; exit status 1 if they do\n" +
    "  history                list the changes that are kept, the last one first\n" +
    "  rollback [CHANGES]     take back the last change, or as many as are named",
  usage: "[options] VERB …",
  options: redisOptions,
  words: ["get", "push", "set", "toggle", "delete", "diff", "history", "rollback"],
  files: true,
  examples: [
    {
      does: "Another default for one flag",
      command: "flagd redis set banner-text defaultVariant=loud -m 'for the sale'",
    },
    {
      does: "A kill switch, without being asked",
      command: "flagd redis toggle new-checkout --yes",
    },
    { does: "What a file would change", command: "flagd redis push flags.json --dry-run" },
    { does: "Who changed what, and back", command: "flagd redis history && flagd redis rollback" },
  ],
};

const init: CommandManual = {
  name: "init",
  summary: "Write a flag document to begin with",
  description:
    "Writes flags.json, or the named file, with two flags to begin with, comments that say what each part is, and the\n" +
    "address of the JSON Schema, by which editors complete and check it. A name that ends with .yaml gives YAML, - prints\n" +
    "JSON. A file that is there is kept, unless --force is given.",
  usage: "[options] [FILE]",
  files: true,
  options: initOptions,
  examples: [
    { does: "JSON", command: "flagd init flags.json" },
    { does: "YAML", command: "flagd init flags.yaml" },
  ],
};

const doctor: CommandManual = {
  name: "doctor",
  summary: "Try everything that the daemon needs",
  description:
    "Takes the options of flagd start, tries each source, port, certificate, folder and permission as it would, and prints\n" +
    "what works, what does not, and the command that repairs it. It changes nothing. The exit status is 1 if flagd start\n" +
    "would not work.",
  usage: "[options]",
  options: doctorOptions,
  examples: [
    {
      does: "Before a start",
      command: "flagd doctor --uri 'redis://localhost:6379/0?key=flags'",
    },
    { does: "In a container, with its variables, for programs", command: "flagd doctor -o json" },
  ],
};

const version: CommandManual = {
  name: "version",
  summary: "Print the version, the commit and the build date",
  usage: "[options]",
  options: versionOptions,
  examples: [
    { does: "For scripts", command: "flagd version -o json" },
    { does: "Licences of what the executable contains", command: "flagd version --licenses" },
  ],
};

const health: CommandManual = {
  name: "health",
  summary: "Ask a running daemon whether it is alive",
  description:
    "Asks /healthz of a running daemon, for the probe of a container that has no shell and no curl. Prints one line;\n" +
    "the exit status is 0 if the daemon is alive, 1 if not.",
  usage: "[options]",
  options: probeOptions,
  examples: [
    { does: "The daemon on this machine", command: "flagd health" },
    { does: "flagd redis-sync", command: "flagd health --addr localhost:8017" },
  ],
};

const ready: CommandManual = {
  name: "ready",
  summary: "Ask a running daemon whether it has its flags",
  description:
    "Asks /readyz of a running daemon. Prints one line; the exit status is 0 if every source has delivered flags,\n" +
    "1 if not, and then the line says which have not, and why.",
  usage: "[options]",
  options: probeOptions,
  examples: [
    { does: "The daemon on this machine", command: "flagd ready" },
    {
      does: "One elsewhere, patiently",
      command: "flagd ready --addr flagd.example.com:8014 --timeout 10s",
    },
  ],
};

const token: CommandManual = {
  name: "token",
  summary: "Make a token for a client",
  description:
    "Prints a new token, and its line for the file of --tokens-path, which has only the token's SHA-256. Give the token\n" +
    "to the client; it is shown once.",
  usage: "new <name>",
  options: globalOptions,
  words: ["new"],
  examples: [{ does: "For a client named checkout", command: "flagd token new checkout" }],
};

const completion: CommandManual = {
  name: "completion",
  summary: "Print a completion script for a shell",
  usage: shells.join("|"),
  options: globalOptions,
  words: shells,
  examples: [
    { does: "For this bash session", command: "source <(flagd completion bash)" },
    {
      does: "For every new zsh session",
      command: 'flagd completion zsh > "$fpath[1]/_flagd"',
    },
    {
      does: "For every new fish session",
      command: "flagd completion fish > ~/.config/fish/completions/flagd.fish",
    },
  ],
};

const running = [
  start,
  redisSync,
  validate,
  evaluate,
  test,
  redis,
  init,
  doctor,
  schema,
  health,
  ready,
  token,
  version,
  completion,
];

const help: CommandManual = {
  name: "help",
  summary: "Print the help of a command",
  usage: "[command]",
  options: globalOptions,
  words: running.map(({ name }) => name),
  examples: [],
};

/** All commands, in the order of the help. */
export const commands: readonly CommandManual[] = [...running, help];

/** @throws ConfigError naming the nearest command */
export function manualOf(name: string): CommandManual {
  const found = commands.find((command) => command.name === name);
  if (found) return found;
  const names = commands.map((command) => command.name);
  throw new ConfigError(`unknown command ${quote(name)} for "flagd"${didYouMean(name, names)}`);
}
