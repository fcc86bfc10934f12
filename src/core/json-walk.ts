import type { Steps } from "./turns.ts";

type Step = string | number;

/** Told what a JSON text contains, from its beginning to its end. */
export interface JsonVisitor {
  /** An object begins; its members are at `depth`. */
  open?(depth: number): void;
  /**
   * A member of an object, or an element of a list.
   * @param at where its name, or the element, begins
   * @param depth how many steps lead to it
   */
  enter(step: Step, at: number, depth: number): void;
}

const [quote, comma, backslash] = [0x22, 0x2c, 0x5c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];
const colon = 0x3a;
/** Characters until others get a turn. */
const slice = 1 << 16;

/** Goes through a text that JSON.parse accepts, without recursion; `JSON.parse` tells no places and hides duplicates. */
export function* walkJson(text: string, visitor: JsonVisitor): Steps<void> {
  /** The index of the element that is next; -1 for objects. */
  const indexes: number[] = [];
  let atName = false;
  let atElement = false;
  let next = slice;
  for (let at = 0; at < text.length; ) {
    if (at > next) {
      next = at + slice;
      yield;
    }
    const character = text.charCodeAt(at);
    const depth = indexes.length;
    if (character <= 0x20 || character === colon) {
      at++;
    } else if (character === comma) {
      const index = indexes[depth - 1] ?? -1;
      atName = index < 0;
      atElement = !atName;
      if (atElement) indexes[depth - 1] = index + 1;
      at++;
    } else if (character === closeObject || character === closeList) {
      indexes.pop();
      atName = false;
      atElement = false;
      at++;
    } else if (character === quote && atName) {
      const end = endOfString(text, at);
      visitor.enter(nameOf(text, at, end), at, depth);
      atName = false;
      at = end;
    } else {
      if (atElement) visitor.enter(indexes[depth - 1] ?? 0, at, depth);
      atElement = character === openList;
      atName = character === openObject;
      if (atName || atElement) {
        indexes.push(atName ? -1 : 0);
        if (atName) visitor.open?.(depth + 1);
        at++;
      } else at = character === quote ? endOfString(text, at) : endOfScalar(text, at);
    }
  }
}

function nameOf(text: string, start: number, end: number): string {
  const name = text.slice(start + 1, end - 1);
  return name.includes("\\") ? JSON.parse(text.slice(start, end)) : name;
}

function endOfString(text: string, start: number): number {
  let at = start;
  do {
    at = text.indexOf('"', at + 1);
  } while (at !== -1 && isEscaped(text, at));
  return at === -1 ? text.length : at + 1;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === backslash) before--;
  return (at - before) % 2 === 1;
}

function endOfScalar(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === comma || character === closeList || character === closeObject) break;
    if (character <= 0x20) break;
  }
  return at;
}

/** Whether an object of a text has a member twice: then the text names more members than its value has. */
export function* hasRepeatedMembers(text: string, value: unknown): Steps<boolean> {
  return (yield* countNames(text)) !== (yield* countMembers(value));
}

function* countNames(text: string): Steps<number> {
  let names = 0;
  let next = slice;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at)) {
    at = endOfString(text, at);
    while (text.charCodeAt(at) <= 0x20) at++;
    if (text.charCodeAt(at) === colon) names++;
    if (at > next) {
      next = at + slice;
      yield;
    }
  }
  return names;
}

/** Values until others get a turn. */
const manyValues = 1 << 14;

function* countMembers(value: unknown): Steps<number> {
  let members = 0;
  let seen = 0;
  const open: object[] = isContainer(value) ? [value] : [];
  for (let container = open.pop(); container !== undefined; container = open.pop()) {
    if (++seen % manyValues === 0) yield;
    if (Array.isArray(container)) {
      for (let i = 0; i < container.length; i++) {
        const item: unknown = container[i];
        if (isContainer(item)) open.push(item);
      }
      continue;
    }
    for (const name in container) {
      members++;
      const item = (container as Record<string, unknown>)[name];
      if (isContainer(item)) open.push(item);
    }
  }
  return members;
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
