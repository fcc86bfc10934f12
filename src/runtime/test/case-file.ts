import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileErrorText } from "../../core/file-error.ts";
import { isArray, isObject, type Json, type JsonObject, kindOf } from "../../core/json.ts";
import { didYouMean } from "../../core/nearest.ts";
import { parseText } from "../../flags/document-text.ts";
import { FindingList } from "../../flags/findings.ts";
import { SourceError } from "../../sources/source.ts";

/** One case: what a flag should answer. */
export interface Case {
  readonly name: string;
  readonly flag: string;
  readonly context: JsonObject;
  /** Unix time in milliseconds; undefined: now. */
  readonly at: number | undefined;
  readonly expect: Expectation;
}

/** What is compared; members that are absent are not. `null` is the absence of a value, variant or error. */
export interface Expectation {
  readonly value?: Json;
  readonly variant?: string | null;
  readonly reason?: string;
  readonly errorCode?: string | null;
  /** These members are compared, others may be there. */
  readonly metadata?: JsonObject;
}

/** A file of cases. */
export interface CaseFile {
  readonly path: string;
  /** Paths that can be opened, and URIs; a later one has priority. */
  readonly flags: readonly string[];
  readonly fractional: "v2" | "v3";
  readonly cases: readonly Case[];
}

const reasons = ["STATIC", "DEFAULT", "TARGETING_MATCH", "DISABLED", "ERROR"];
const errorCodes = ["FLAG_NOT_FOUND", "PARSE_ERROR", "GENERAL"];

/**
 * Reads a file of cases, JSON or YAML.
 * @throws SourceError naming the file, the place in it, and what was expected there
 */
export async function readCaseFile(path: string): Promise<CaseFile> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new SourceError(`${path}: ${fileErrorText(error)}`);
  });
  return parseCases(path, bytes);
}

/** @throws SourceError */
export function parseCases(path: string, document: Uint8Array | string): CaseFile {
  const problems = new FindingList();
  const format = /\.ya?ml$/i.test(path) ? "yaml" : "any";
  const parsed = parseText(document, format, { problems, warnings: problems });
  const wrong = problems.toArray()[0];
  if (!parsed || wrong) throw new SourceError(`${path}: ${wrong?.reason ?? "cannot be read"}`);
  return new CaseReader(path).read(parsed.value as Json);
}

class CaseReader {
  constructor(private readonly path: string) {}

  read(value: Json): CaseFile {
    if (isObject(value) && isObject(value.flags) && value.tests === undefined) {
      const [flag = ""] = Object.keys(value.flags);
      const made = { flags: basename(this.path), tests: [{ flag, expect: { reason: "STATIC" } }] };
      const advice = `name a file of cases, such as ${JSON.stringify(made)}`;
      return this.#fail("$", `this is a flag document: ${advice}`);
    }
    const file = this.#object(value, "$", ["flags", "fractional", "tests", "$schema"]);
    const { fractional = "v2", tests } = file;
    if (fractional !== "v2" && fractional !== "v3") {
      return this.#fail("$.fractional", 'expected "v2" or "v3"');
    }
    if (!isArray(tests) || tests.length === 0) {
      return this.#fail("$.tests", "expected a list of at least one case");
    }
    return {
      path: this.path,
      flags: this.#flags(file.flags),
      fractional,
      cases: tests.map((test, i) => this.#case(test, `$.tests[${i}]`)),
    };
  }

  #flags(value: Json | undefined): readonly string[] {
    const words = isArray(value) ? value : [value ?? null];
    return words.map((word) => {
      if (typeof word === "string" && word !== "" && word !== "-") return this.#beside(word);
      return this.#fail(
        "$.flags",
        "expected the path of a flag document, the URI of a source, or a list of them",
      );
    });
  }

  /** A path is meant from the folder of this file. */
  #beside(word: string): string {
    const isPath = !/^[a-z][a-z0-9+.-]*:|^core\.openfeature\.dev\//i.test(word);
    return isPath && !word.startsWith("/") ? join(dirname(this.path), word) : word;
  }

  #case(value: Json, at: string): Case {
    const test = this.#object(value, at, ["name", "flag", "context", "at", "expect"]);
    const { flag, context = {}, name } = test;
    if (typeof flag !== "string" || flag === "") {
      return this.#fail(`${at}.flag`, "expected the key of a flag");
    }
    if (!isObject(context)) return this.#fail(`${at}.context`, "expected an object");
    if (name !== undefined && typeof name !== "string") {
      return this.#fail(`${at}.name`, "expected a text");
    }
    return {
      name: name ?? `${flag} ${JSON.stringify(context)}`,
      flag,
      context,
      at: this.#time(test.at, `${at}.at`),
      expect: this.#expectation(test.expect, `${at}.expect`),
    };
  }

  #time(value: Json | undefined, at: string): number | undefined {
    if (value === undefined) return undefined;
    if (typeof value === "number") return value * 1000;
    const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
    if (!Number.isNaN(time)) return time;
    return this.#fail(at, "expected Unix seconds, or a date and time like 2026-03-01T09:00:00Z");
  }

  #expectation(value: Json | undefined, at: string): Expectation {
    const names = ["value", "variant", "reason", "errorCode", "metadata"];
    const expected = this.#object(value, at, names);
    if (Object.keys(expected).length === 0) {
      return this.#fail(at, `expected at least one of ${names.join(", ")}`);
    }
    const { variant, reason, errorCode, metadata } = expected;
    if (variant !== undefined && variant !== null && typeof variant !== "string") {
      return this.#fail(`${at}.variant`, "expected the name of a variant, or null");
    }
    if (reason !== undefined) this.#oneOf(reason, reasons, `${at}.reason`);
    if (errorCode !== undefined && errorCode !== null)
      this.#oneOf(errorCode, errorCodes, `${at}.errorCode`);
    if (metadata !== undefined && !isObject(metadata)) {
      return this.#fail(`${at}.metadata`, "expected an object");
    }
    return expected as Expectation;
  }

  #oneOf(value: Json, words: readonly string[], at: string): void {
    if (typeof value === "string" && words.includes(value)) return;
    const guess = typeof value === "string" ? didYouMean(value, words) : "";
    this.#fail(at, `expected ${words.join(", ")}${guess}`);
  }

  #object(value: Json | undefined, at: string, names: readonly string[]): JsonObject {
    if (value === undefined) return this.#fail(at, "expected an object, found nothing");
    if (!isObject(value)) return this.#fail(at, `expected an object, found ${kindOf(value)}`);
    const unknown = Object.keys(value).find((name) => !names.includes(name));
    if (unknown === undefined) return value;
    const guess = didYouMean(unknown, names);
    return this.#fail(
      at,
      `unknown member ${JSON.stringify(unknown)}${guess}: expected ${names.join(", ")}`,
    );
  }

  #fail(at: string, reason: string): never {
    throw new SourceError(`${this.path}: ${at}: ${reason}`);
  }
}
