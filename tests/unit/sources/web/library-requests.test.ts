import { expect, test } from "bun:test";
import {
  explainLibraryError,
  LibraryAnswers,
} from "../../../../src/sources/web/library-requests.ts";

const never = new AbortController().signal;

test("what hangs is given up after a time, and not begun once more", async () => {
  const answers = new LibraryAnswers<string>(20);
  const hanging = Promise.withResolvers<string>();
  let asked = 0;
  const ask = () => {
    asked++;
    return hanging.promise;
  };
  await expect(answers.get(ask, never)).rejects.toThrow("none within 0.02 s: if a command");
  await expect(answers.get(ask, never)).rejects.toThrow("none within 0.02 s");
  expect(asked).toBe(1);
  hanging.resolve("a");
  expect(await answers.get(ask, never)).toBe("a");
  expect(asked).toBe(1);
  expect(await answers.get(async () => "b", never)).toBe("b");
});

test("what fails is asked again", async () => {
  const answers = new LibraryAnswers<string>();
  await expect(answers.get(() => Promise.reject(new Error("no")), never)).rejects.toThrow("no");
  expect(await answers.get(async () => "b", never)).toBe("b");
});

test("the wait ends with the source", async () => {
  const stop = new AbortController();
  const asked = new LibraryAnswers().get(() => new Promise(() => {}), stop.signal);
  stop.abort();
  await expect(asked).rejects.toThrow("stopped");
});

test("of a library's error the first line is told, or the cause that is ours", () => {
  expect(explainLibraryError(new Error("a\nb"), "no keys").message).toBe("no keys: a");
});
