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
