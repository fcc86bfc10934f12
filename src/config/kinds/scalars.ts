import { availableParallelism } from "node:os";
import { quote } from "../../core/message-text.ts";
import { didYouMean } from "../../core/nearest.ts";
import { type Kind, scalarText, ValueError } from "./kind.ts";

function scalar<T>(kind: Omit<Kind<T>, "fromFile">): Kind<T> {
  return { ...kind, fromFile: (value) => kind.fromText(scalarText(value)) };
}

/** Any text. */
export function text(hint: string): Kind<string> {
  return scalar({ hint, fromText: (value) => value, show: (value) => value });
}

/** The name of a file. */
export const path: Kind<string> = { ...text("path"), completion: "file" };

/** A whole number. */
export function integer(
  hint: string,
  min = Number.MIN_SAFE_INTEGER,
  max = Number.MAX_SAFE_INTEGER,
): Kind<number> {
  return scalar({
    hint,
    fromText(value) {
      const number = /^[+-]?\d+$/.test(value) ? Number(value) : Number.NaN;
      if (number >= min && number <= max) return number;
      const bounds = hint === "bytes" ? "" : ` from ${min} to ${max}`;
      throw new ValueError(`${quote(value)} is not a whole number${bounds}`);
    },
    show: String,
  });
}

/** A part of a whole, from 0 to 1. */
export const ratio: Kind<number> = scalar({
  hint: "ratio",
  fromText(value) {
    const number = /^(?:\d+\.?\d*|\.\d+)$/.test(value) ? Number(value) : Number.NaN;
    if (number >= 0 && number <= 1) return number;
    throw new ValueError(`${quote(value)} is not a number from 0 to 1`);
  },
  show: String,
});

/** A TCP port; 0 lets the operating system choose one. */
export const port = integer("port", 0, 65_535);

const truths = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const falsehoods = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/** A switch. */
export const boolean: Kind<boolean> = {
  ...scalar({
    hint: "boolean",
    fromText(value) {
      if (truths.has(value)) return true;
      if (falsehoods.has(value)) return false;
      throw new ValueError(`${quote(value)} is neither true nor false`);
    },
    show: (value) => (value ? "true" : ""),
  }),
  switch: true,
};

/** The words that a switch may have as well mean, by name: `true` and `false`. */
export function oneOfOrSwitch<const Word extends string>(
  meaning: { readonly true: NoInfer<Word>; readonly false: NoInfer<Word> },
  ...words: readonly [Word, ...Word[]]
): Kind<Word> {
  const word = oneOf(...words);
  return {
    ...word,
    ...scalar<Word>({
      hint: word.hint,
      fromText(value) {
        if (truths.has(value)) return meaning.true;
        return falsehoods.has(value) ? meaning.false : word.fromText(value);
      },
      show: word.show,
    }),
  };
}

/** One of some words; empty stands for the first. */
export function oneOf<const Word extends string>(...words: readonly [Word, ...Word[]]): Kind<Word> {
  return {
    ...scalar<Word>({
      hint: words.join("|"),
      fromText(value) {
        if (value === "") return words[0];
        const found = words.find((word) => word === value);
        if (found !== undefined) return found;
        const expected = words.map(quote).join(" or ");
        throw new ValueError(
          `${quote(value)} is not ${expected}${didYouMean(value, words, quote)}`,
        );
      },
      show: (value) => value,
    }),
    completion: words,
  };
}

const maxWorkers = 64;

function fromText(value: string): number {
  if (value === "auto") return Math.min(availableParallelism(), maxWorkers);
  const number = /^\d{1,3}$/.test(value) ? Number(value) : 0;
  if (number >= 1 && number <= maxWorkers) return number;
  throw new ValueError(`${quote(value)} is neither auto nor a number from 1 to ${maxWorkers}`);
}

/** A number of threads. */
export const workers: Kind<number> = {
  hint: "number|auto",
  fromText,
  fromFile: (value) => fromText(scalarText(value)),
  show: String,
};
