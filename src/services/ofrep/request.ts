/** What evaluations look at of a request, however it was read. */
export interface OfrepRequest {
  /** A URL, or its path and query. */
  readonly url: string;
  readonly method: string;
  readonly headers: {
    get(name: string): string | null;
    set(name: string, value: string): void;
  };
}
