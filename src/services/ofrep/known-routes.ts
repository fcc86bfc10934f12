import { type Route, routeOf } from "./route.ts";

const mostKnown = 1_000;
const longestKnown = 500;

/**
 * The routes of the URLs asked for last. Clients ask for the same flags over and over, and taking a
 * URL apart costs more than evaluating the flag that it names.
 */
export class KnownRoutes {
  readonly #known = new Map<string, Route>();

  /** As {@link routeOf}. */
  of(url: string): Route | undefined {
    const known = this.#known.get(url);
    if (known !== undefined) return known;
    const route = routeOf(url);
    if (route !== undefined && url.length <= longestKnown) {
      if (this.#known.size === mostKnown) this.#known.clear();
      this.#known.set(url, route);
    }
    return route;
  }
}
