import { access, constants, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ConfigError, messageOf } from "../core/errors.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";
import type { Log } from "../core/log.ts";
import type { DocumentFormat } from "../flags/model.ts";
import type { PackedFlagSet } from "../flags/packed.ts";
import { contentHash } from "./content-hash.ts";
import type { Payload, ReadPayload } from "./source.ts";

/** What identifies a file of this form; a later form gets another number. */
const version = 1;
/** The header is one line of JSON; a file whose first line is longer is not ours. */
const maxHeaderBytes = 1 << 20;
const newline = 0x0a;

/** What a file says before the document, as one line of JSON. */
interface Header {
  readonly flagd: typeof version;
  readonly source: string;
  readonly format: DocumentFormat;
  /** SHA3-256 of the document in hex. */
  readonly hash: string;
  /** ISO 8601. */
  readonly savedAt: string;
  readonly context?: JsonObject;
}

/** The flags that a source has delivered last, as they were saved. */
interface LastGood {
  readonly payload: Payload;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
}

/**
 * Where the last good flags of one source are kept, so that a daemon that starts while the source is down has
 * them at once. A file is replaced as a whole: written beside, synced, renamed; its mode is 0600, for rules may
 * name users. Nothing that happens here stops or delays the source.
 */
export class LastGoodFile {
  readonly #path: string;
  readonly #source: string;
  readonly #log: Log;
  #savedHash: string | undefined;
  #next: (() => Payload) | undefined;
  #writing: Promise<void> | undefined;
  /** A disk that is full is told of once. */
  #failing = false;

  /** @param identity tells the sources of a daemon apart, across restarts */
  constructor(
    folder: string,
    source: { readonly name: string; readonly provider: string },
    identity: string,
    log: Log,
  ) {
    const hash = new Bun.CryptoHasher("sha3-256").update(identity).digest("hex");
    this.#path = join(folder, `${source.provider}-${hash.slice(0, 16)}.flags`);
    this.#source = source.name;
    this.#log = log.with({ source: source.name });
  }

  /** @returns undefined if there is none, and, with a warning, if it is damaged or not ours */
  async read(): Promise<LastGood | undefined> {
    let content: Buffer;
    try {
      content = await readFile(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.#ignore(messageOf(error));
      return undefined;
    }
    const end = content.subarray(0, maxHeaderBytes).indexOf(newline);
    const header = end < 0 ? undefined : parseHeader(content.toString("utf8", 0, end));
    if (header === undefined) return this.#ignore("it is not a file of saved flags");
    if (header.source !== this.#source) return this.#ignore(`it has the flags of ${header.source}`);
    const document = content.subarray(end + 1);
    if ((await contentHash(document)) !== header.hash) return this.#ignore("it is damaged");
    this.#savedHash = header.hash;
    const { format, hash, context } = header;
    const payload = { document, format, hash, ...(context && { context }) };
    return { payload, savedAt: Date.parse(header.savedAt) };
  }

  /**
   * Saves what was accepted, in the background. Of several that come while one is written only the last is
   * saved.
   */
  save(payload: Payload | ReadPayload): void {
    this.#next = () => documentOf(payload);
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves once everything is on the disk. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#next; next !== undefined; next = this.#next) {
      this.#next = undefined;
      try {
        await this.#write(next());
        this.#failing = false;
      } catch (error) {
        if (!this.#failing) {
          this.#log.warn(
            `cannot save the flags to ${this.#path}: ${messageOf(error)}; after a restart they have to come from the source`,
          );
        }
        this.#failing = true;
      }
    }
  }

  async #write({ document, format, context }: Payload): Promise<void> {
    const hash = await contentHash(document);
    if (hash === this.#savedHash) return;
    const header: Header = {
      flagd: version,
      source: this.#source,
      format,
      hash,
      savedAt: new Date().toISOString(),
      ...(context && { context }),
    };
    const temporary = `${this.#path}.new`;
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      const file = await open(temporary, "w", 0o600);
      try {
        await file.chmod(0o600);
        await file.writeFile(`${JSON.stringify(header)}\n`);
        await file.writeFile(document);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
      await syncFolder(dirname(this.#path));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    this.#savedHash = hash;
  }

  #ignore(reason: string): undefined {
    this.#log.warn(`saved flags are not used: ${this.#path}: ${reason}`);
    return undefined;
  }
}

/**
 * Makes the directory if it is not there.
 * @throws ConfigError if nothing can be written to it
 */
export async function useStateDir(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new ConfigError(
      `--state-dir ${path} cannot be used: ${messageOf(error)}; name a directory that this user may write to`,
    );
  }
}

/** Without it a power cut may undo the rename. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function parseHeader(line: string): Header | undefined {
  let value: Json;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(value) || value.flagd !== version) return undefined;
  const { source, format, hash, savedAt, context } = value;
  if (typeof source !== "string" || typeof hash !== "string") return undefined;
  if (format !== "json" && format !== "yaml" && format !== "any") return undefined;
  if (typeof savedAt !== "string" || Number.isNaN(Date.parse(savedAt))) return undefined;
  if (context !== undefined && !isObject(context)) return undefined;
  return { flagd: version, source, format, hash, savedAt, ...(context && { context }) };
}

/** A payload as a document, the one that arrived or, of what another thread has read, an equal one. */
function documentOf(payload: Payload | ReadPayload): Payload {
  if (!("reading" in payload)) return payload;
  const { reading, context } = payload;
  if (!reading.ok) throw new TypeError("only what was accepted is saved");
  return { document: listOf(reading.flagSet), format: "json", ...(context && { context }) };
}

/**
 * `{"flags":[{"key":"a",…},…]}` of packed flags, which are `"a":{…},"b":{…}`: as a list, for flags of several
 * flag sets may have the same key.
 */
function listOf({ bytes, places }: PackedFlagSet): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [Buffer.from('{"flags":[')];
  const flags = (places.length - 1) / 2;
  for (let i = 0; i < flags; i++) {
    const begin = places[2 * i] ?? 0;
    const definition = places[2 * i + 1] ?? 0;
    const last = i === flags - 1;
    const end = (places[2 * i + 2] ?? 0) - (last ? 0 : 1);
    parts.push(
      Buffer.from(`${i > 0 ? "," : ""}{"key":`),
      text.subarray(begin, definition - 1),
      Buffer.from(","),
      text.subarray(definition + 1, end),
    );
  }
  parts.push(Buffer.from("]}"));
  return Buffer.concat(parts);
}
