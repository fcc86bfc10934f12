/** Where something is in a text. */
export interface Place {
  /** Both from 1; columns count UTF-16 units. */
  readonly line: number;
  readonly column: number;
}

/** Tells the places of offsets into a text; its lines are found once, as far as they are needed. */
export function placesOf(text: string): (offset: number) => Place {
  const starts = [0];
  let next = text.indexOf("\n");
  return (offset) => {
    for (; next !== -1 && next < offset; next = text.indexOf("\n", next + 1)) starts.push(next + 1);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

type Step = string | number;

/** Paths to look for in a text, as a tree; of each the offset of the nearest step that the text has. */
export class PathTree {
  readonly #children = new Map<Step, PathTree>();
  /** How many steps there are below, in all paths together. */
  size = 0;
  /** Where the step that leads here begins. */
  offset: number | undefined;

  add(path: readonly Step[]): void {
    let node: PathTree = this;
    for (const step of path) {
      let child = node.#children.get(step);
      if (child === undefined) {
        child = new PathTree();
        node.#children.set(step, child);
        this.size++;
      }
      node = child;
    }
  }

  child(step: Step): PathTree | undefined {
    return this.#children.get(step);
  }

  get steps(): Iterable<[Step, PathTree]> {
    return this.#children;
  }

  /** @returns 0 if not even the first step is there */
  offsetOf(path: readonly Step[]): number {
    let node: PathTree | undefined = this;
    let offset = 0;
    for (const step of path) {
      node = node?.child(step);
      if (node?.offset === undefined) break;
      offset = node.offset;
    }
    return offset;
  }
}
