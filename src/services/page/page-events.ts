import { everything } from "../../store/selector.ts";
import type { SnapshotSource } from "../../store/view.ts";

/** Open pages that are told of changes, in one thread. */
const maxStreams = 50;
/** For what is no change of a flag: a source that fails, streams that open. */
const everyMs = 2_000;

/** Tells open pages that there is something new, which they then ask for. */
export class PageEvents {
  readonly #open = new Set<ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>>();
  #timer: Timer | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(private readonly store: SnapshotSource) {}

  /** Undefined: too many are open. */
  open(): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
    if (this.#open.size >= maxStreams) return undefined;
    let own: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
    return new ReadableStream({
      start: (controller) => {
        own = controller;
        this.#open.add(own);
        own.enqueue(event("tick"));
        this.#unsubscribe ??= this.store.subscribe(everything, () => this.#tell("change"));
        this.#timer ??= setInterval(() => this.#tell("tick"), everyMs);
      },
      cancel: () => this.#close(own),
    });
  }

  /** Ends all. */
  shutdown(): void {
    for (const controller of this.#open) {
      this.#close(controller);
      controller.close();
    }
  }

  #tell(name: string): void {
    for (const controller of this.#open) {
      // A page that does not read has an event waiting that says as much.
      if ((controller.desiredSize ?? 0) > -8) controller.enqueue(event(name));
    }
  }

  #close(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    this.#open.delete(controller);
    if (this.#open.size > 0) return;
    this.#unsubscribe?.();
    clearInterval(this.#timer);
    this.#unsubscribe = undefined;
    this.#timer = undefined;
  }
}

function event(name: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`event: ${name}\ndata:\n\n`);
}
