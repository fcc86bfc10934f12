import type { Environment } from "../../core/environment.ts";
import { quote } from "../../core/quote.ts";

/** What both HTTP and gRPC send as text. */
const headerName = /^(?!.*-bin$)[\w.-]+$/i;
const headerValue = /^[\x20-\x7e]*$/;

/**
 * Reads OpenTelemetry's own variables. As its specification demands, an empty one is as good as
 * none, and one that cannot be used is warned of and ignored.
 */
export class OtelVariables {
  readonly #environment: Environment;
  readonly warn: (message: string) => void;

  constructor(environment: Environment, warn: (message: string) => void) {
    this.#environment = environment;
    this.warn = warn;
  }

  text(name: string): string | undefined {
    return this.#environment[name]?.trim() || undefined;
  }

  /** Lower-cased and one of `words`. */
  word<const Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.text(name)?.toLowerCase();
    const found = words.find((word) => word === value);
    if (value !== undefined && found === undefined) {
      this.#ignore(name, value, `is not one of ${words.map(quote).join(", ")}`);
    }
    return found;
  }

  /** A number from `min` to `max`. */
  number(name: string, min: number, max: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (number >= min && number <= max) return number;
    this.#ignore(name, value, `is not a number from ${min} to ${max}`);
    return undefined;
  }

  /**
   * Headers, as `name=value,name=value`, values percent-encoded (W3C Baggage). Neither names nor values are
   * repeated in warnings: both may be secret where a part is malformed.
   */
  headers(name: string): Readonly<Record<string, string>> {
    const pairs: Record<string, string> = {};
    for (const part of (this.text(name) ?? "").split(",")) {
      if (part.trim() === "") continue;
      const at = part.indexOf("=");
      const key = part.slice(0, at).trim();
      const value = decoded(part.slice(at + 1).trim());
      if (at > 0 && headerName.test(key) && value !== undefined && headerValue.test(value)) {
        pairs[key.toLowerCase()] = value;
      } else {
        this.warn(`${name}: an entry that is not a header (name=value) is ignored`);
      }
    }
    return pairs;
  }

  #ignore(name: string, value: string, why: string): void {
    this.warn(`${name} ignored: ${quote(value)} ${why}`);
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
